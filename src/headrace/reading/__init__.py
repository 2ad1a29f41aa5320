"""A config's listings, read without a dlt pipeline."""
