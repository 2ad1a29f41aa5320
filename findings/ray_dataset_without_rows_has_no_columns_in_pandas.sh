#!/bin/sh
# Ray 2.60.0, Ray Data: a dataset without rows loses its columns on the way to pandas and Arrow.
#
# Guessed: `to_pandas` of a Parquet file without rows has the columns that `schema` tells. Found: the
# frame has none, so that a program that names a column fails on the day on which there is no row:
#
#   schema: ['id', 'name']
#   to_pandas: []
#   to_arrow_refs: []
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'ray[data]==2.60.0'
cat >"$folder/empty.py" <<'PROGRAM'
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import ray

ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, _temp_dir=sys.argv[1])
empty = pa.table({"id": pa.array([], pa.int64()), "name": pa.array([], pa.string())})
pq.write_table(empty, f"{sys.argv[1]}/empty.parquet")
rows = ray.data.read_parquet(f"{sys.argv[1]}/empty.parquet")
tables = ray.get(rows.to_arrow_refs())
with open(sys.argv[2], "w") as seen:
    print("schema:", rows.schema().names, file=seen)
    print("to_pandas:", list(rows.to_pandas().columns), file=seen)
    print("to_arrow_refs:", tables[0].column_names if tables else None, file=seen)
PROGRAM
HOME=$folder RAY_USAGE_STATS_ENABLED=0 "$folder/venv/bin/python" "$folder/empty.py" "$folder/ray" \
  "$folder/seen" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cat "$folder/seen"
cat >"$folder/expected" <<'SEEN'
schema: ['id', 'name']
to_pandas: []
to_arrow_refs: []
SEEN
diff "$folder/expected" "$folder/seen"
