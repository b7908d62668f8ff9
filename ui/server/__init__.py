"""Start-up, warm-up and the security middleware."""
