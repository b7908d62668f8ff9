"""Identifications, determinations, profiles, samples and statistics in the database."""
