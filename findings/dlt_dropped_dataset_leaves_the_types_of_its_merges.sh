#!/bin/sh
# dlt 1.31.0 with DuckDB 1.5.5: where a dataset was dropped and a field has another type since, merged
# values go through a column of the old one.
#
# Guessed: dlt sees that the dataset is not there, forgets what it knows of it, and makes all anew with
# the types of the rows that come. Found: it makes the tables anew, but those of the dataset that
# merges go through, which was not dropped with the other one, stay as they were. A fraction is rounded
# on its way through their integers, and no error tells of it:
#
#   merge: 2.0 in a column of DOUBLE
#   append: 1.5 in a column of DOUBLE
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'dlt[duckdb]==1.31.0' 'duckdb==1.5.5'
cat >"$folder/load.py" <<'PROGRAM'
import sys

import dlt


def readings(value, disposition):
    return dlt.resource(
        [{"id": 1, "value": value}],
        name="readings",
        primary_key="id",
        write_disposition=disposition,
    )


def meter(disposition):
    return dlt.pipeline(
        f"meter_{disposition}",
        destination=dlt.destinations.duckdb(f"{sys.argv[1]}/{disposition}.duckdb"),
        dataset_name="meter_data",
        pipelines_dir=f"{sys.argv[1]}/pipelines",
    )


for disposition in ("merge", "append"):
    meter(disposition).run(readings(1, disposition))
    with meter(disposition).sql_client() as client:
        client.execute_sql("DROP SCHEMA meter_data CASCADE")
    # As the next process would.
    meter(disposition).run(readings(1.5, disposition))
    with meter(disposition).sql_client() as client:
        ((value, kind),) = client.execute_sql("SELECT value, typeof(value) FROM readings")
    print(f"{disposition}: {value} in a column of {kind}")
PROGRAM
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL
"$folder/venv/bin/python" "$folder/load.py" "$folder" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
merge: 2.0 in a column of DOUBLE
append: 1.5 in a column of DOUBLE
SEEN
diff "$folder/expected" "$folder/seen"
