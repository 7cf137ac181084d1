"""Readers of the Windows registry, hotfix and policy lists, live or recorded."""
