"""A screen that plays by itself: what it is told to play, the window that plays it, and what watches over both.

Only :mod:`ui.kiosk.screen.window` and :mod:`ui.kiosk.screen.fallback` need Qt.
"""
