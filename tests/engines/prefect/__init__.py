"""The example of docs/prefect.md, on a real Prefect of this machine."""
