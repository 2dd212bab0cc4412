"""The window: application object, scene, QML types, and the place it comes back to."""
