"""`headrace.status`: how the syncs of a config are doing, read from the destination."""
