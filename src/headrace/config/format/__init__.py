"""The config's format as a typed model, one module for each part of it."""
