"""The secrets of a config: where they are looked up, and how they stay out of messages."""
