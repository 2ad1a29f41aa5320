#!/bin/sh
# dlt 1.31.0: each extraction that fails leaves a folder behind in the pipeline's folder, for good.
#
# Guessed: what a failed extraction has written is deleted with it, or by the next one that works, or by
# dropping the pending packages. Found: each leaves a folder of its own under `normalize/`, with the
# rows that were written by then. No later run looks at it, `pipeline.abort_packages` does not see it,
# and nothing says that it is there:
#
#   after 3 runs that failed: 3 folders, pending: False
#   after one that worked, and all pending packages aborted: 3 folders
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'dlt[duckdb]==1.31.0' 'duckdb==1.5.5'
cat >"$folder/load.py" <<'PROGRAM'
import sys
from pathlib import Path

import dlt

pipeline = dlt.pipeline(
    "shop",
    destination=dlt.destinations.duckdb(f"{sys.argv[1]}/shop.duckdb"),
    dataset_name="shop_data",
    pipelines_dir=f"{sys.argv[1]}/pipelines",
)


def folders():
    found = Path(pipeline.working_dir, "normalize").iterdir()
    return sum(each.is_dir() and each.name != "extracted" for each in found)


def broken_off():
    yield {"id": 1}
    raise ConnectionError("the server is down")


for _ in range(3):
    try:
        pipeline.run(broken_off(), table_name="orders")
    except Exception:
        pass
print(f"after 3 runs that failed: {folders()} folders, pending: {pipeline.has_pending_data}")
pipeline.run([{"id": 1}], table_name="orders")
pipeline.abort_packages()
print(f"after one that worked, and all pending packages aborted: {folders()} folders")
PROGRAM
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL
"$folder/venv/bin/python" "$folder/load.py" "$folder" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
after 3 runs that failed: 3 folders, pending: False
after one that worked, and all pending packages aborted: 3 folders
SEEN
diff "$folder/expected" "$folder/seen"
