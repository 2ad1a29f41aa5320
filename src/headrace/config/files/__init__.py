"""From a YAML or JSON file, and the overrides of the command line, to a plain document."""
