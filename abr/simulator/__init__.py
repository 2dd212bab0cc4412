"""A simulator of adaptive sessions that runs the player's own policies and estimator over throughput traces."""
