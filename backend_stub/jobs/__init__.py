"""Work that outlives processes: a table of jobs and tasks is the truth, workers take tasks of it by lease."""
