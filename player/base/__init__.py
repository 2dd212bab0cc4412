"""The ground: errors, the clock, small files, languages and memory. It imports nothing of ours."""
