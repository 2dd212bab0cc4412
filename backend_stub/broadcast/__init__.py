"""A live channel that is made while it is watched: its state, its journal on disk, and its manifests."""
