"""Runs kept, compared with each other, and shown as trends."""
