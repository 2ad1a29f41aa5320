"""What the other rooms use of a config: its defaults merged, its parts resolved."""
