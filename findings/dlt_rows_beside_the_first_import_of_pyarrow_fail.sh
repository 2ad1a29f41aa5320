#!/bin/sh
# dlt 1.31.0, pyarrow 26.0.1: rows fail that are extracted while another thread imports pyarrow for the first time.
#
# Guessed: whether a row is an Arrow table is seen whatever other threads do. Found: dlt looks for pyarrow among
# the modules that are there, and takes one of which only half has been imported for the whole of it:
#
#   while pyarrow is imported: AttributeError: partially initialized module 'pyarrow' has no attribute 'Table'
#   once it is there: at least 1,000 rows
#
# It is the same with pandas. A program with threads imports both before it begins, or neither.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export RUNTIME__DLTHUB_TELEMETRY=false DLT_DATA_DIR="$folder/dlt"
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'dlt==1.31.0' 'pyarrow==26.0.1'
cat >"$folder/threads.py" <<'PROGRAM'
import sys
import threading

import dlt

pipeline = dlt.pipeline("threads", destination="filesystem")


def rows(other):
    number = 0
    other.start()
    while other.is_alive() or number < 1_000:
        yield {"id": number}
        number += 1


def extracted(other):
    try:
        pipeline.extract(dlt.resource(rows(other), name="rows"))
    except Exception as error:
        while error.__cause__ is not None:
            error = error.__cause__
        return f"{type(error).__name__}: {str(error).partition(' (')[0]}"
    return "at least 1,000 rows"


sys.setswitchinterval(1e-4)
print("while pyarrow is imported:", extracted(threading.Thread(target=__import__, args=("pyarrow",))))
import pyarrow  # noqa: E402, F401

print("once it is there:", extracted(threading.Thread(target=__import__, args=("pyarrow",))))
PROGRAM
"$folder/venv/bin/python" "$folder/threads.py" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
while pyarrow is imported: AttributeError: partially initialized module 'pyarrow' has no attribute 'Table'
once it is there: at least 1,000 rows
SEEN
diff "$folder/expected" "$folder/seen"
