"""The accounts of AWS through boto3's core: sessions that assume roles, one region's calls, and all accounts at once.

Only the calls of `network.aws.read_call` are made, and ``sts:AssumeRole``.
"""
