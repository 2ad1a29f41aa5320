#!/bin/sh
# dlt 1.31.0: a transformer gets the last item of its parent while it is still busy with earlier ones.
#
# Guessed: what a transformer yields for one item is taken to its end before it is called with the next
# item of the parent, so that an item that the parent yields last, as a sign that it was the last one,
# comes when all others are done. Found: `next_item_mode` is `round_robin` by default, and that holds for
# the generators of one transformer as well: with three rows for each item, the sign comes when none of
# the items before it is done. With `fifo` it comes last:
#
#   round_robin: a0 b0 a1 end b1 a2 b2
#   fifo: a0 a1 a2 b0 b1 b2 end
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'dlt==1.31.0'
cat >"$folder/order.py" <<'PROGRAM'
import os
import sys

os.environ["EXTRACT__NEXT_ITEM_MODE"] = sys.argv[1]

import dlt

seen = []


@dlt.resource
def parent():
    yield ["a"]
    yield ["b"]
    yield ["end"]


@dlt.transformer(data_from=parent)
def child(items):
    (name,) = items
    if name == "end":
        seen.append(name)
        return
    for number in range(3):
        seen.append(f"{name}{number}")
        yield {"name": name, "number": number}


list(child)
print(f"{sys.argv[1]}: {' '.join(seen)}")
PROGRAM
for mode in round_robin fifo; do
  (cd "$folder" && "$folder/venv/bin/python" order.py "$mode" 2>>"$folder/log")
done | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
round_robin: a0 b0 a1 end b1 a2 b2
fifo: a0 a1 a2 b0 b1 b2 end
SEEN
diff "$folder/expected" "$folder/seen" || { tail -5 "$folder/log"; exit 1; }
