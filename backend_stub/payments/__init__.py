"""Payments: what the service asks of a payment provider, and a provider for one machine that moves no money."""
