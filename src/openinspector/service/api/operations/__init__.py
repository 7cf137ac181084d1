"""The operations of the API: one file for each noun, one function for each operation, named in snake case."""
