"""How what is stored comes from one layout to the next: numbered steps forward, and the mark that says where it is.

It must never be run by opening a database: that only looks at the mark.
"""
