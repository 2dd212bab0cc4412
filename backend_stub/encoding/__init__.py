"""From any file FFmpeg can read to a published title: probe, ladder, encode, package, verify, poster."""
