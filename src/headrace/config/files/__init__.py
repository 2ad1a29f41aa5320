"""Config files: read, merged, overridden, their placeholders filled in."""
