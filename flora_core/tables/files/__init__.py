"""Bytes of an unknown file -> rows of text: encoding, dialect, workbooks."""
