"""The HTTP face of the service, version 1: thin routers over :mod:`backend_stub.services`."""

VERSION = "0.2.0"
PREFIX = "/api/v1"
