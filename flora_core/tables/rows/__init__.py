"""Rows -> checked values and issues; determinations; one typed or pasted plant."""
