"""The screen of a kiosk: the window that plays, and the plain picture in its place."""
