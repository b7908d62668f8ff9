"""The verdict of one window, its reasons and its wording."""
