"""The machinery of the leak matrix: two worlds that differ only in what one caller may not learn, and every channel
by which the difference could show. tests/leaks/test_leaks.py runs it.
"""
