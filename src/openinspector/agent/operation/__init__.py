"""What an operator sees: status, check, logs and the service manager."""
