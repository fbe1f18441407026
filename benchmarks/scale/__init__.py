"""`make bench-scale`: what grows with rules, customers, workers and time, and the page with everything.

Owns the measurements that `make bench` has no room for. Nothing of the product imports it, and no test asserts a time.
"""
