"""One config, many accounts of one API."""
