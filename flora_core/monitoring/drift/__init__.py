"""Drift of measurements, categories and confidence; on samples and on profiles."""
