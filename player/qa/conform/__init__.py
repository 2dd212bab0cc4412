"""Manifests held against the standards, rule by rule."""
