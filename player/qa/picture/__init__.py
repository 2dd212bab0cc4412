"""The picture and sound of a run, judged on decoded frames of what the player gave its decoder."""
