"""Version schemes: one file per scheme, each giving a binary sort key."""
