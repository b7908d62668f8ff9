"""A model and checked values -> identifications: a name, how sure, and what else it may be."""
