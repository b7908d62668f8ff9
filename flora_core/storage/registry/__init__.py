"""Model versions, their events and files."""
