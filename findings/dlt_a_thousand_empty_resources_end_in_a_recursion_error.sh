#!/bin/sh
# dlt 1.31.0: a source with more than about a thousand resources that bring nothing fails with a
# RecursionError.
#
# Guessed: resources are taken in turn in a loop, so that their number costs time alone. Found: the
# iterator over their pipes calls itself once more for each one that has ended, and goes back only when
# another one brings an item. A thousand tenants with a resource each, of which none has anything
# new, are too many:
#
#   900 resources: 0 rows
#   1100 resources: RecursionError
#
# Also, each head of a pipe is looked for in a list of all of them, and what `dlt.current.source()`
# gives of its resources is made anew at each access, so that time grows with the square.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'dlt==1.31.0'
cat >"$folder/resources.py" <<'PROGRAM'
import dlt


@dlt.source
def fleet(count):
    return [
        dlt.resource(lambda: iter(()), name=f"of_tenant_{number}", table_name="rows")
        for number in range(count)
    ]


for count in (900, 1100):
    try:
        print(f"{count} resources: {len(list(fleet(count)))} rows")
    except RecursionError as error:
        print(f"{count} resources: {type(error).__name__}")
PROGRAM
cd "$folder"
DLT_DATA_DIR="$folder/dlt" RUNTIME__DLTHUB_TELEMETRY=false "$folder/venv/bin/python" resources.py
