"""Bins, and the daily counts that can be merged."""
