"""The parts of the Determine page."""
