"""Reads the listings of a config page by page, without a dlt pipeline.

`build` makes a `Listing` of a resource in a config. A listing gives pages whose rows are still
JSON; what they become, and where they go, is up to the rooms above. dlt appears here only where a
config holds an object of dlt's, such as a paginator.
"""
