"""Readers of Linux files, /proc and netlink. No sensor and no policy."""
