"""What is wrong with a config although each key is right by itself, and how faults are told."""
