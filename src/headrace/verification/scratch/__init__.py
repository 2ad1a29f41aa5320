"""A temporary copy of a listing and of the tables, for as long as they are compared."""
