"""Indexes inside the media: sidx boxes of MP4 and cues of WebM."""
