"""The settings file, the proxy environment file, and the values that they accept."""
