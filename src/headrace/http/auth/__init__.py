"""Credentials of requests: fixed ones, OAuth 2.0 tokens, and objects that sign requests."""
