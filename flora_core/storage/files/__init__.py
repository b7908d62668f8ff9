"""Upload folders, batch results, backups."""
