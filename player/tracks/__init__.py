"""Tracks: which are played, what is offered of the others, and what the viewer prefers."""
