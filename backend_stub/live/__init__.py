"""Any published clear title as a channel that never ends: its manifests are computed from the clock."""
