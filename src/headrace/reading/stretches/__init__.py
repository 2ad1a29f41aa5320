"""Stretches: bounded parts of a resource, each of which can be read on its own, on any machine."""
