"""The example of docs/dagster.md, on a real Dagster of this machine."""
