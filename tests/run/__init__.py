"""``make test``: the whole suite, one summary, one exit code."""
