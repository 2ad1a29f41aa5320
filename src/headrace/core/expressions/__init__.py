"""Expressions in a config: parsed safely, run over a page's or a row's values."""
