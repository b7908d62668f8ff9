"""Two versions on the same plants, and the promotion gate."""
