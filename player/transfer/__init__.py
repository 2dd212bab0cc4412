"""Transfers: one resource loaded to its end, whichever CDN it takes; retries, pathways and the error matrix."""
