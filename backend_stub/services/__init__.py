"""What the service does, without HTTP: one module per concern, database and clock handed in."""
