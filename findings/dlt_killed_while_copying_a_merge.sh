#!/bin/sh
# dlt 1.31.0 with DuckDB: killed while it puts a merge's statements into the pipeline's folder, a
# pipeline cannot load any more.
#
# Guessed: dlt moves files into a load package in one step, so that a kill leaves them there or not.
# Found: the statements of a merge are made among the temporary files. Where these lie on another
# file system (/tmp in memory, for one), dlt copies the file into the package under a name of 32
# hexadecimal digits, and then renames it. A process that is killed in between leaves that name, which
# is no job's name to the next run. It fails, as does each one after it:
#
#   killed: 9
#   next run: TerminalValueError
#   the one after: TerminalValueError
#
# Needs two file systems: the folder of this script's temporary files, and /dev/shm.
set -eu
folder=$(mktemp -d)
shared=$(mktemp -d -p /dev/shm)
trap 'rm -rf "$folder" "$shared"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'dlt[duckdb]==1.31.0' 'duckdb==2.0.1'
cat >"$folder/load.py" <<'PROGRAM'
import os
import re
import sys

import dlt

killed, shared = sys.argv[1] == "killed", sys.argv[2]


def hook(event, arguments):
    if event == "os.rename" and re.fullmatch(r"[0-9a-f]{32}", os.path.basename(str(arguments[0]))):
        os._exit(9)


if killed:
    sys.addaudithook(hook)
pipeline = dlt.pipeline(
    "shop",
    destination=dlt.destinations.duckdb(f"{shared}/shop.duckdb"),
    dataset_name="shop_data",
    pipelines_dir=f"{shared}/pipelines",
)
rows = dlt.resource([{"id": 1}], name="items", primary_key="id", write_disposition="merge")
try:
    pipeline.run(rows)
except Exception as error:
    print(type(error).__name__)
else:
    print("loaded")
PROGRAM
export TMPDIR="$folder" RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL
code=0
"$folder/venv/bin/python" "$folder/load.py" killed "$shared" || code=$?
{
  echo "killed: $code"
  echo "next run: $("$folder/venv/bin/python" "$folder/load.py" whole "$shared" 2>/dev/null)"
  echo "the one after: $("$folder/venv/bin/python" "$folder/load.py" whole "$shared" 2>/dev/null)"
} | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
killed: 9
next run: TerminalValueError
the one after: TerminalValueError
SEEN
diff "$folder/expected" "$folder/seen"
