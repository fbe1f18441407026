"""The regulation's procedures as plain functions: state machines, sums, dates and scores.

Nothing here reads or writes anything, nor knows the time: what a function needs is an argument. Storage and resolvers
keep what these functions decide.
"""
