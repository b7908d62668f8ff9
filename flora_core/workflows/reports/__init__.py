"""Overview, study report, metrics, Darwin Core archive."""
