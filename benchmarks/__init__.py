"""`make bench`: Dossier beside a bare endpoint that does the same work without GraphQL and without policy.

Owns how speed and memory are measured. Nothing of the product imports it, and no test asserts a time.
"""
