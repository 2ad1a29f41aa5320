"""Knows the secrets of the process, and masks them in all that is shown."""
