"""Opens a title of the service, or an address: its play session and its parsed presentation."""
