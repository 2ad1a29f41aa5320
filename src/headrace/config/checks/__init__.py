"""What is wrong in a config, and how it is said."""
