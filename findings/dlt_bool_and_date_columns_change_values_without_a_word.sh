#!/bin/sh
# dlt 1.31.0 with DuckDB 1.4.4: a bool column takes the number 2 as true, and a date column a moment as its
# day, without a variant column beside them.
#
# Guessed: as with a text in a bigint column, dlt makes a variant column (`paid__v_bigint`,
# `due__v_timestamp`) for a value that is not of the column's type, so that none changes. Found: for
# bool and date there is none, whether the column is declared or, as `seen` here, inferred from its
# first value. All numbers but 0 become true, and of a moment the time is gone:
#
#   (1, True, datetime.date(2026, 11, 1), True)
#   (2, False, datetime.date(2026, 11, 1), True)
#   columns: due, id, paid, seen
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'dlt[duckdb]==1.31.0' 'duckdb==1.4.4'
cat >"$folder/load.py" <<'PROGRAM'
import sys

import dlt

folder = sys.argv[1]
rows = [
    {"id": 1, "paid": 2, "due": "2026-11-01T09:30:00Z", "seen": True},
    {"id": 2, "paid": 0, "due": "2026-11-01T23:30:00Z", "seen": 7},
]
columns = {"paid": {"data_type": "bool"}, "due": {"data_type": "date"}}
pipeline = dlt.pipeline(
    "orders",
    destination=dlt.destinations.duckdb(f"{folder}/orders.duckdb"),
    dataset_name="sales",
    pipelines_dir=f"{folder}/pipelines",
)
pipeline.run(rows, table_name="orders", columns=columns)
with pipeline.sql_client() as client:
    for row in client.execute_sql("SELECT id, paid, due, seen FROM orders ORDER BY id"):
        print(row)
names = pipeline.default_schema.tables["orders"]["columns"]
print("columns:", ", ".join(sorted(name for name in names if not name.startswith("_dlt"))))
PROGRAM
found=$(DLT_DATA_DIR="$folder/dlt" RUNTIME__DLTHUB_TELEMETRY=false \
  "$folder/venv/bin/python" "$folder/load.py" "$folder")
echo "$found"
[ "$found" = "(1, True, datetime.date(2026, 11, 1), True)
(2, False, datetime.date(2026, 11, 1), True)
columns: due, id, paid, seen" ]
