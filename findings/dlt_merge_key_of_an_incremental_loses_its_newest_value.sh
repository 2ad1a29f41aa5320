#!/bin/sh
# dlt 1.31.0 with DuckDB 1.5.5: an incremental whose cursor is the merge key loses the rows at its newest
# value as soon as another one comes there.
#
# Guessed: a merge key of the day replaces a day by what was listed of it, so that 3 rows and one more
# are 4. Found: the incremental leaves out the 3 that it knows, the merge deletes all of the day, and
# the new row alone is left:
#
#   3 rows
#   and one more of that day: 1
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'dlt[duckdb]==1.31.0' 'duckdb==1.5.5'
cat >"$folder/load.py" <<'PROGRAM'
import sys

import dlt


def orders(count):
    @dlt.resource(name="orders", merge_key="day", write_disposition="merge")
    def listed(day=dlt.sources.incremental("day")):
        yield [{"id": number, "day": "2026-03-02"} for number in range(count)]

    return listed


pipeline = dlt.pipeline(
    "shop",
    destination=dlt.destinations.duckdb(f"{sys.argv[1]}/shop.duckdb"),
    dataset_name="shop_data",
    pipelines_dir=f"{sys.argv[1]}/pipelines",
)
for count, title in [(3, "{} rows"), (4, "and one more of that day: {}")]:
    pipeline.run(orders(count))
    with pipeline.sql_client() as client:
        ((found,),) = client.execute_sql("SELECT count(*) FROM orders")
    print(title.format(found))
PROGRAM
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL
"$folder/venv/bin/python" "$folder/load.py" "$folder" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
3 rows
and one more of that day: 1
SEEN
diff "$folder/expected" "$folder/seen"
