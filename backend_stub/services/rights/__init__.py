"""Device-bound rights, version 2 of ``docs/protocol.md``: signed requests, licences, renewal, release, revocation."""
