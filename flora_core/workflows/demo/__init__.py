"""The simulated season."""
