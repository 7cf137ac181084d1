"""The sans-I/O core: events in, actions out. No socket, no clock."""
