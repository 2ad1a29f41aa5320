#!/bin/sh
# dlt 1.31.0: two lists of a row whose names meet in one child table lose items, without a word.
#
# Guessed: where `a: {b: [...]}` and `a__b: [...]` lead to the same child table, it holds the items of
# both, or the load fails. Found: the items at the same place of both lists get the same `_dlt_id`, and of
# these a merge keeps one; nothing is told:
#
#   append: items [1, 2, 3], ids 2
#   merge: items [2, 3], ids 2
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'dlt[duckdb]==1.31.0' 'duckdb==1.5.5'
cat >"$folder/load.py" <<'PROGRAM'
import sys

import dlt

row = {"id": 1, "a": {"b": [1, 2]}, "a__b": [3]}
for disposition in ("append", "merge"):
    pipeline = dlt.pipeline(
        disposition,
        destination=dlt.destinations.duckdb(f"{sys.argv[1]}/{disposition}.duckdb"),
        dataset_name="shop",
        pipelines_dir=f"{sys.argv[1]}/pipelines",
    )
    pipeline.run(
        [row], table_name="orders", primary_key="id", write_disposition=disposition
    )
    with pipeline.sql_client() as client:
        rows = client.execute_sql("SELECT value, _dlt_id FROM orders__a__b ORDER BY 1")
    items, ids = [value for value, _ in rows], len({each for _, each in rows})
    print(f"{disposition}: items {items}, ids {ids}")
PROGRAM
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL
"$folder/venv/bin/python" "$folder/load.py" "$folder" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
append: items [1, 2, 3], ids 2
merge: items [2, 3], ids 2
SEEN
diff "$folder/expected" "$folder/seen"
