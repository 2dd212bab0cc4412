"""The program tries itself where it is installed: the app's focus graph, and a kiosk under troubles."""
