"""Background work: what has no user waiting. Stands beside `resolvers`; imports `policies` and `documents` only."""
