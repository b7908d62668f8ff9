"""One cell -> a number, a date, nothing, or an issue."""
