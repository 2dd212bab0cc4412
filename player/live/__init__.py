"""Playing what is still being made: the manifest is followed, the viewer is kept at a steady distance from the edge.

``programme``, ``edge``, ``latency``, ``pace``, ``guide`` and ``schedule`` decide and are pure; ``refresher`` loads,
``playback`` wires all of it for one session.
"""
