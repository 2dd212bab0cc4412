"""The ladder sweep: each segment of each rung looked into, and held against what the manifest declares."""
