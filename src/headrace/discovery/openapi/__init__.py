"""Reads an OpenAPI document, and drafts a config of the listings that it describes."""
