"""Decisions without I/O: values in, values out. No clock, no socket, no dlt.

So each decision can be tested with thousands of generated histories in seconds, and serves one
thread, many lanes and a cluster alike.
"""
