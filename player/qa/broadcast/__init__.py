"""A live programme in virtual time: a title that is sent from its start, by a script that says what comes late."""
