"""Reads the listings of a config page by page, without a dlt pipeline.

`build` makes a `Listing` of a resource in a config. A listing gives pages whose rows are still
JSON; what they become, and where they go, is up to the rooms above. dlt is met here through
`core.dlt_door` alone: for its settings, and for objects of dlt's in a config, such as a paginator.
"""
