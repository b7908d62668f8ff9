"""Measure a plant, learn its name, and know how far to trust it.

The packages and their layers are described in docs/architecture.md.
"""

__version__ = "0.1.0"
