#!/bin/sh
# datasette 0.65.5 (0.65 is what `pip install datasette` gives): of a table whose primary key has no
# declared type and holds integers, only the first page can be listed.
#
# Guessed, with a doubt about how SQLite compares: its pages go on as those of a table with an INTEGER
# key. Found: the next page is asked for by `id > :p0`, a text out of `_next=100`. In a column of no type SQLite turns neither side
# into the other, and each integer is smaller than each text. The second page is empty and names no
# third, while both tell the number of all rows:
#
#   id INTEGER PRIMARY KEY: 1200 rows in 12 pages, 1200 told
#   id PRIMARY KEY: 100 rows in 2 pages, 1200 told
#
# `next_url` followed to its end is no proof that a listing is whole; the number beside it is.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'datasette==0.65.5'
cat >"$folder/pages.py" <<'PROGRAM'
import asyncio
import sqlite3
import sys

from datasette.app import Datasette

KEYS = {"typed": "id INTEGER PRIMARY KEY", "untyped": "id PRIMARY KEY"}
with sqlite3.connect(sys.argv[1]) as connection:
    for table, key in KEYS.items():
        connection.execute(f"CREATE TABLE {table} ({key})")
        connection.executemany(f"INSERT INTO {table} VALUES (?)", [(n,) for n in range(1, 1201)])


async def list_all() -> None:
    served = Datasette([sys.argv[1]])
    for table, key in KEYS.items():
        rows, pages, url = 0, 0, f"/keys/{table}.json"
        while url:
            page = (await served.client.get(url)).json()
            rows, pages, url = rows + len(page["rows"]), pages + 1, page["next_url"]
            # The client inside takes a path alone.
            url = url and url.removeprefix("http://localhost")
        print(f"{key}: {rows} rows in {pages} pages, {page['filtered_table_rows_count']} told")


asyncio.run(list_all())
PROGRAM
"$folder/venv/bin/python" "$folder/pages.py" "$folder/keys.db" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
id INTEGER PRIMARY KEY: 1200 rows in 12 pages, 1200 told
id PRIMARY KEY: 100 rows in 2 pages, 1200 told
SEEN
diff "$folder/expected" "$folder/seen"
