#!/bin/sh
# json-server 1.0.0-beta.15: of rows that were posted one after the other, and each answered with 201,
# some are gone again once others are changed.
#
# Guessed: a row that was answered with 201 is there until it is deleted. Found: json-server watches
# its own file. What it has written itself it takes for a change from outside, reads the file, and
# puts what stands in it over what came meanwhile:
#
#   posted, answered with 201
#   fewer are there: True
#
# When, and which ones, differs each time. Version 0.17.4, without its --watch, keeps them all.
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
cat >"$folder/posting.py" <<'PROGRAM'
import http.client
import json
import sys
import time

PORT = int(sys.argv[1])


def ask(method, path, row=None):
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    body = None if row is None else json.dumps(row)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


end = time.monotonic() + 60
while True:
    try:
        before = ask("GET", "/orders")[1]
        break
    except OSError:
        if time.monotonic() > end:
            raise
        time.sleep(0.1)

statuses, posted, there = set(), 0, 0
end = time.monotonic() + 15
while there == posted and time.monotonic() < end:
    statuses |= {ask("POST", "/orders", {"n": n})[0] for n in range(20)}
    posted += 20
    for order in before[:10]:
        ask("PATCH", f"/orders/{order['id']}", {"n": -posted})
    there = len(ask("GET", "/orders")[1]) - len(before)
print("posted, answered with", *statuses)
print("fewer are there:", there < posted)
PROGRAM
# A server that has come through a while so comes through for long: another one is tried.
for attempt in 1 2 3 4 5 6 7 8; do
  python3 -c 'import json; print(json.dumps({"orders": [{"id": str(n)} for n in range(1250)]}))' \
    >"$folder/db.json"
  port=$(python3 "$folder/free_port.py")
  (cd "$folder" && exec node_modules/.bin/json-server --port "$port" db.json) >"$folder/log" 2>&1 &
  server=$!
  python3 "$folder/posting.py" "$port" >"$folder/seen"
  kill "$server"
  wait "$server" || true
  ! grep -q True "$folder/seen" || break
done
cat "$folder/seen"
cat >"$folder/expected" <<'SEEN'
posted, answered with 201
fewer are there: True
SEEN
diff "$folder/expected" "$folder/seen" || { cat "$folder/log"; exit 1; }
