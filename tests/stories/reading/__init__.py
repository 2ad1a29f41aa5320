"""Reading the rows of a config without a pipeline."""
