"""What happens in a playback, for people, reports, tests and servers: events, state, report, telemetry, CMCD."""
