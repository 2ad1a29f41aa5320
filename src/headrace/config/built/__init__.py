"""What the other rooms use of a config: defaults merged in, and every value typed."""
