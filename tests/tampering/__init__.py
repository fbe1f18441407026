"""What whoever can write to the database, but holds no key, can do: nothing of what stands in docs/security.md."""
