"""Says in plain words what a config will do, without asking the API."""
