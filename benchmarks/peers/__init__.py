"""Readers of others: each file is run by a Python that has that library, and nothing of ours."""
