"""A file or a form that nobody has seen -> checked rows and issues."""
