"""Identifications and determinations -> verdicts. Arrays and profiles in, results out."""
