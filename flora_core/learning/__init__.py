"""Checked, labelled plants -> a model, and how far it can be trusted."""
