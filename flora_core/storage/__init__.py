"""What is kept: the database, the model files, and the only code that knows SQL, joblib or a file's path."""
