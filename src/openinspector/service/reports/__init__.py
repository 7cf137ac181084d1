"""Reports: findings in, HTML or PDF out. Pure, except for ``__main__``, which the service runs for each report."""
