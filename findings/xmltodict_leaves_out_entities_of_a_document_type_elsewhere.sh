#!/bin/sh
# xmltodict 1.0.4 (on Python's expat): where a document names its type by an address, an entity that is
# declared there is left out of the text without a word.
#
# Guessed: `&nbsp;`, `&eacute;` and the like, which XML itself does not know, are an error, as in a document
# without a type. Found: they are one only there. With a `<!DOCTYPE ... SYSTEM ...>` a parser need not read
# what is declared elsewhere, and expat does not: it passes over the entity, and xmltodict has no way to
# learn of it. What is stored is another text than was sent:
#
#   without a type: ExpatError: undefined entity
#   with a type elsewhere: Caf andau lait
#
# Older services (NCBI, DBLP) answer with such a type.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'xmltodict==1.0.4'
cat >"$folder/entities.py" <<'PROGRAM'
import xmltodict

NAME = "<name>Caf&eacute; and&nbsp;au lait</name>"


def name_in(document):
    try:
        return xmltodict.parse(document)["name"]
    except Exception as error:
        return f"{type(error).__name__}: {str(error).partition(':')[0]}"


print("without a type:", name_in(NAME))
print("with a type elsewhere:", name_in('<!DOCTYPE name SYSTEM "names.dtd">' + NAME))
PROGRAM
"$folder/venv/bin/python" "$folder/entities.py" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
without a type: ExpatError: undefined entity
with a type elsewhere: Caf andau lait
SEEN
diff "$folder/expected" "$folder/seen"
