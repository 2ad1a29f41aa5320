#!/bin/sh
# dlt 1.31.0 with LanceDB 0.40.0: the second load of a pipeline fails, and so does each one after it.
#
# Guessed: what dlt's extra for LanceDB installs takes any number of loads, and a release of either
# that does not would have a bound on the other. Found: before a load dlt looks its schema up by the
# hash of it, which it writes in double quotes. LanceDB takes what stands in those for the name of a
# column from 0.38.0 on; 0.37.1 took it for a text. Nothing of the load is lost, and nothing arrives:
#
#   0.40.0: loaded, PipelineStepFailed, pending
#   0.37.1: loaded, loaded
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
cat >"$folder/load.py" <<'PROGRAM'
import sys

import dlt

pipeline = dlt.pipeline(
    "vectors",
    destination=dlt.destinations.lancedb(lance_uri=f"{sys.argv[1]}/lance"),
    dataset_name="vectors",
    pipelines_dir=f"{sys.argv[1]}/pipelines",
)
seen = []
for rows, table in (([{"a": 1}], "first"), ([{"b": 1}], "second")):
    try:
        pipeline.run(rows, table_name=table)
        seen.append("loaded")
    except Exception as error:
        seen.append(type(error).__name__)
print(", ".join([*seen, *(["pending"] if pipeline.has_pending_data else [])]))
PROGRAM
export RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL
for version in 0.40.0 0.37.1; do
  "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    'dlt[lancedb]==1.31.0' "lancedb==$version"
  mkdir "$folder/$version"
  echo "$version: $("$folder/venv/bin/python" "$folder/load.py" "$folder/$version" 2>/dev/null)"
done | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
0.40.0: loaded, PipelineStepFailed, pending
0.37.1: loaded, loaded
SEEN
diff "$folder/expected" "$folder/seen"
