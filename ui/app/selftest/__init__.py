"""The app tries its own focus graph."""
