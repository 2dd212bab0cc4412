"""The same segments from several CDNs, in turns: how fast, how surely, and whether they are the same bytes."""
