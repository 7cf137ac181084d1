"""The sans-I/O core: events in, actions out, without sockets or clocks."""
