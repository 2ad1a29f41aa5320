"""Headrace beside dlt's own REST API source, in one run on one machine."""
