"""Measure a plant, learn its name, and know how far to trust it.

The rooms and the stairs between them are drawn in docs/architecture.md.
"""

__version__ = "0.1.0"
