"""AWS accounts through botocore: sessions that assume roles, the calls of one region, and all accounts at once.

Only the calls of `network.aws.read_call` are made, and ``sts:AssumeRole``.
"""
