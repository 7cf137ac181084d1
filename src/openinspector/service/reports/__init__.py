"""Reports: findings in, HTML or PDF out. Pure but for the program in ``__main__``, which the service runs for each."""
