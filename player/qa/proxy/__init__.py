"""The faults and the link of a plan in front of other players: a reverse proxy."""
