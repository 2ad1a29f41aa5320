"""Bounded parts of a resource's listing, each of which can be read on its own, on any machine."""
