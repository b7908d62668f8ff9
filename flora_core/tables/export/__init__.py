"""Tables, workbooks and Darwin Core archives on their way out."""
