"""Tests of the config: reading, checking, completing."""
