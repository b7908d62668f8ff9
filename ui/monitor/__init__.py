"""The Monitor page: one verdict, what to do about it, one table of measurements, and how it is known."""
