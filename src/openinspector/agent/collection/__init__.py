"""One collection: description, child process, limits and tally."""
