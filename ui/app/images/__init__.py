"""Drawn images for QML: icons, QR codes, charts."""
