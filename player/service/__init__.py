"""The client's side of the service: sign-in, catalogue, play sessions, licences, progress (``docs/protocol.md``)."""
