"""Faults on purpose: the document (``docs/faults.md``), who takes which fault, and how a response suffers it."""
