"""Builds the agent's packages (`make packages`): same sources and tools, same bytes."""
