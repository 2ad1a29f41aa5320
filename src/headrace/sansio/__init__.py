"""Decisions without I/O: values in, values out. No clock, no socket, no dlt."""
