"""Who asks: credentials, OAuth 2 tokens, and objects that sign requests."""
