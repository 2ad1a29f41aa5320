#!/bin/sh
# pyarrow 26.0.1 beside pandas 3.1.1: to make a scalar, or to compare a column with a number, imports pandas
# where it is installed.
#
# Guessed: pyarrow imports pandas for `to_pandas` and `from_pandas`, or at most where it is given a list to
# make an array of, which might be a series. Found: it does for the single value of `pa.scalar(True)`, and so
# in `pyarrow.compute`, where a Python number stands beside a column. A program that works in Arrow alone pays
# a third of a second and some 40 MB for what it never uses, as soon as somebody installs pandas beside it:
#
#   a table from buffers: pandas is not imported
#   a scalar: pandas is imported
#   a column and a number, in a new process: pandas is imported
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'pyarrow==26.0.1' 'pandas==3.1.1'
cat >"$folder/scalars.py" <<'PROGRAM'
import sys

import pyarrow as pa
import pyarrow.compute as pc


def tell(what):
    print(f"{what}: pandas is {'' if 'pandas' in sys.modules else 'not '}imported")


column = pa.Array.from_buffers(pa.int64(), 1, [None, pa.py_buffer(bytes(8))])
table = pa.table([column], names=["number"])
if sys.argv[1:]:
    pc.greater(table.column("number"), 1)
    tell("a column and a number, in a new process")
else:
    tell("a table from buffers")
    pa.scalar(True)
    tell("a scalar")
PROGRAM
{
	"$folder/venv/bin/python" "$folder/scalars.py"
	"$folder/venv/bin/python" "$folder/scalars.py" compute
} | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
a table from buffers: pandas is not imported
a scalar: pandas is imported
a column and a number, in a new process: pandas is imported
SEEN
diff "$folder/expected" "$folder/seen"
