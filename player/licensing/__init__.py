"""Licences of a playback, while they are in use and on this device."""
