"""Keeping up with a listing: the tail's plan carried out, leg by leg."""
