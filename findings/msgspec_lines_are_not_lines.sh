#!/bin/sh
# msgspec 0.22.0: `decode_lines`, for JSON with a document in each line, does not go by lines.
#
# Guessed: each line is a document, so that a document over several lines is an error, and so are two
# in one line. Found: documents are read one behind the other, with any white space between them, or none.
# A pretty-printed document is one item, two in a line are two, and an empty line is nothing:
#
#   over three lines: [{'error': 'quota'}, {'id': 1}]
#   two in a line: [{'id': 1}, {'id': 2}]
#   an empty line: [{'id': 1}, {'id': 2}]
#
# So the number of items is not that of lines, and the item of an error does not tell its line.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'msgspec==0.22.0'
cat >"$folder/lines.py" <<'PROGRAM'
from msgspec.json import Decoder


def items(text):
    try:
        return Decoder().decode_lines(text)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print("over three lines:", items(b'{\n  "error": "quota"\n}\n{"id": 1}\n'))
print("two in a line:", items(b'{"id": 1} {"id": 2}\n'))
print("an empty line:", items(b'{"id": 1}\n\n{"id": 2}\n'))
PROGRAM
"$folder/venv/bin/python" "$folder/lines.py" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
over three lines: [{'error': 'quota'}, {'id': 1}]
two in a line: [{'id': 1}, {'id': 2}]
an empty line: [{'id': 1}, {'id': 2}]
SEEN
diff "$folder/expected" "$folder/seen"
