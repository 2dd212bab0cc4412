"""One module per schema step, oldest first. Only portable SQL: SQLite and PostgreSQL run the same steps."""
