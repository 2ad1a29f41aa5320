"""What the rooms below `dlt_source` need of dlt, each thing said once and in their own terms.

No module of these rooms imports dlt: it takes most of a second to import, and a config that
holds nothing of dlt's does not need it. So each function here imports what it uses when it is
called, by `importlib.import_module`, which the contracts of the rooms do not count as an import.
The types of dlt are imported for the type checker alone.

- `contexts`: what dlt knows of what runs.
- `settings`: what stands in the environment and in the files of the folder `.dlt`.
- `auths`: dlt's objects for `auth`, and what they leave out.
- `objects`: other objects of dlt, and of `requests`, that may stand in a config.
"""
