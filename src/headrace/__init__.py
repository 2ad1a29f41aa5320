"""A REST API source for dlt: from a config to exact, typed tables."""

__version__ = "0.1.0"
