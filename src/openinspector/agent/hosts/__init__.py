"""Implementations of `host.py`: this machine, a root folder, a Windows machine, a host with a time limit."""
