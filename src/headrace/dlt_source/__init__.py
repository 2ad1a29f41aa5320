"""A config as dlt resources: where rows meet dlt's extract step."""
