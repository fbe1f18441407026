"""`make bench-peers`: Dossier beside the GraphQL servers that people pick instead, each doing the same work.

Owns the peers, how they are given the same data and keys, the proof that they answer alike, and the report. Nothing of
the product imports it, and no test asserts a time. The peers on Node are in `node/`, npm installs them beside it.
"""
