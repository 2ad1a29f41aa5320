"""Shows what was loaded and how the syncs fare."""
