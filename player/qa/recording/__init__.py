"""Recorded sessions (``.mrec``, ``docs/recording.md``): what came over the network and when, what was decided and
why, and the same again on another machine. Secrets do not get in."""
