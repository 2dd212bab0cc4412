"""Faults that were found once, put back one at a time: the test that guards against each must fail under it."""
