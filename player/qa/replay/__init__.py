"""Replays of recorded sessions, in virtual time."""
