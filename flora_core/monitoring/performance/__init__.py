"""Accuracy: realised, estimated (CBPE), calibration."""
