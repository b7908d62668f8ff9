"""Which column is what: measurement, unit, names, groups, provenance."""
