"""Expressions in a config: parsed safely, and evaluated with the values of a page or a row."""
