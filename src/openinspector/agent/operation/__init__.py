"""The operator's side: status, check, logs and the service manager."""
