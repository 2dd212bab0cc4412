"""Titles kept on this machine: fetched, sealed, checked, played without a network. See the README."""
