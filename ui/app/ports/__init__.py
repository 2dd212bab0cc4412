"""What the user interface needs from the rest of the client, as shapes."""
