"""Shows how the syncs are doing, and what was loaded."""
