#!/bin/sh
# json-server 1.0.0-beta.15: a page past the last one is the last one again, and a parameter that it
# does not know empties the list.
#
# Guessed: `_page=13` of 12 has no rows, and `_limit`, which version 0.17 takes, is unknown here and
# ignored. Found: the page that is told is that of the nearest number there is, with its rows; and
# each other parameter is a filter by the field of that name, so that no row is left, without an error:
#
#   _page=12&_per_page=100: 100 rows from 1101, prev 11, next None
#   _page=13&_per_page=100: 100 rows from 1101, prev 11, next None
#   _page=0&_per_page=100: 100 rows from 1, prev None, next 2
#   _limit=100: 0 rows
#   page=2: 0 rows
#
# A reader that counts pages until one is empty never ends, and one that asks for `page=2` ends there.
set -eu
folder=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" 'json-server@1.0.0-beta.15'
cat >"$folder/free_port.py" <<'PROGRAM'
import socket

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    print(free.getsockname()[1])
PROGRAM
cat >"$folder/pages.py" <<'PROGRAM'
import json
import sys
import time
from urllib.request import urlopen

URL = f"http://127.0.0.1:{sys.argv[1]}/orders"
QUERIES = (
    "_page=12&_per_page=100",
    "_page=13&_per_page=100",
    "_page=0&_per_page=100",
    "_limit=100",
    "page=2",
)
end = time.monotonic() + 60
while True:
    try:
        urlopen(URL).close()
        break
    except OSError:
        if time.monotonic() > end:
            raise
        time.sleep(0.1)
for query in QUERIES:
    with urlopen(f"{URL}?{query}") as answer:
        page = json.load(answer)
    if isinstance(page, list):
        print(f"{query}: {len(page)} rows")
    else:
        rows = page["data"]
        print(f"{query}: {len(rows)} rows from {rows[0]['id']}, "
              f"prev {page['prev']}, next {page['next']}")
PROGRAM
python3 -c 'import json; print(json.dumps({"orders": [{"id": str(n)} for n in range(1, 1201)]}))' \
  >"$folder/db.json"
port=$(python3 "$folder/free_port.py")
(cd "$folder" && exec node_modules/.bin/json-server --port "$port" db.json) >"$folder/log" 2>&1 &
server=$!
python3 "$folder/pages.py" "$port" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
_page=12&_per_page=100: 100 rows from 1101, prev 11, next None
_page=13&_per_page=100: 100 rows from 1101, prev 11, next None
_page=0&_per_page=100: 100 rows from 1, prev None, next 2
_limit=100: 0 rows
page=2: 0 rows
SEEN
diff "$folder/expected" "$folder/seen" || { cat "$folder/log"; exit 1; }
