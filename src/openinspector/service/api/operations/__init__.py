"""The operations of the API: one file a noun, one function an operation, named like it in snake case."""
