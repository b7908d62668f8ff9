"""One module for each screen; the only place where storage meets computing."""
