"""Going on where a title was left: a journal on this machine, the service for all, a rule that merges."""
