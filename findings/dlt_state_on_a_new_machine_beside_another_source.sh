#!/bin/sh
# dlt 1.31.0 with DuckDB 1.5.5: one pipeline, two sources, `use_single_dataset=false`. On a new
# machine the second source begins anew, and the rows that it appends are there twice.
#
# Guessed: each source gets a dataset of its own, and with its tables goes its state; or else the
# state of the pipeline stands where dlt looks for it on a machine that knows nothing, which is the
# dataset of its default schema. Found: a load writes the state of all sources into the dataset of
# its own schema only, and dlt restores from that of the default schema only. What the second source
# has stored since the last load of the first one is not found, though it is there:
#
#   the same machine: 3 rows, the last value is 3
#   a new machine: 6 rows, the last value is 3
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'dlt[duckdb]==1.31.0' 'duckdb==1.5.5'
cat >"$folder/load.py" <<'PROGRAM'
import sys

import dlt


@dlt.source(name="first")
def first():
    return dlt.resource([{"id": 1}], name="customers")


@dlt.source(name="second")
def second():
    @dlt.resource(write_disposition="append")
    def orders(id=dlt.sources.incremental("id", initial_value=0)):
        yield [{"id": number} for number in (1, 2, 3) if number > id.last_value]

    return orders


def pipeline(machine):
    return dlt.pipeline(
        "shop",
        destination=dlt.destinations.duckdb(f"{sys.argv[1]}/shop.duckdb"),
        dataset_name="shop_data",
        pipelines_dir=f"{sys.argv[1]}/{machine}",
    )


def told(machine, loaded):
    with loaded.sql_client("second") as client:
        (rows,) = client.execute_sql("SELECT count(*) FROM orders")[0]
    kept = loaded.state["sources"]["second"]["resources"]["orders"]["incremental"]["id"]
    print(f"{machine}: {rows} rows, the last value is {kept['last_value']}")


here = pipeline("here")
here.run(first())
here.run(second())
here.run(second())
told("the same machine", here)
elsewhere = pipeline("elsewhere")
elsewhere.sync_destination()
elsewhere.run(second())
told("a new machine", elsewhere)
PROGRAM
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL USE_SINGLE_DATASET=false
"$folder/venv/bin/python" "$folder/load.py" "$folder" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
the same machine: 3 rows, the last value is 3
a new machine: 6 rows, the last value is 3
SEEN
diff "$folder/expected" "$folder/seen"
