"""A kiosk under troubles, where it is installed."""
