"""What continuous integration publishes of a study: words, figures and documents, the same bytes for the same facts."""
