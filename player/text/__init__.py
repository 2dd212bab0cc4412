"""Subtitles: parsers to one model of cues, and the drawing of them as ASS. Pure."""
