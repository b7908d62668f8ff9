"""The parts of the Identify page."""
