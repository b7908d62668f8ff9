"""Permutation tests, outlier fences, PSI, power."""
