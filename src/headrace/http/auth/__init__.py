"""Credentials of requests: fixed ones, tokens, HTTP Digest, functions and objects that sign."""
