"""One playback: the session and the parts that it wires."""
