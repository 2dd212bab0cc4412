"""Playbacks in virtual time: the real session, loader and policies, with a clock that jumps and nothing decoded."""
