"""The app: a Qt program for the desktop and the TV."""
