"""How the syncs of a config are doing, by what they left in the destination."""
