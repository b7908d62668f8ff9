"""Jobs: requests, their supervisor and worker processes."""
