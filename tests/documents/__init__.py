"""The code blocks of the pages: which of them run, and a clean place to run them in."""
