"""Is the table fit to learn from?"""
