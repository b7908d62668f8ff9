"""The scheduler (watch) and maintenance (backup, restore, sweep)."""
