"""The process that makes a live channel: FFmpeg, and the packager of what it writes."""
