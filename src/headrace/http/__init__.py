"""One HTTP request done right: session, credentials, origin, limits."""
