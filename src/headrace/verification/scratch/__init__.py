"""A listing kept beside the tables for as long as they are compared."""
