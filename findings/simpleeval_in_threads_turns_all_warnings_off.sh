#!/bin/sh
# simpleeval 1.0.8, seen with Python 3.11: evaluators that are made in threads turn all warnings off, for good.
#
# Guessed: to make an evaluator changes nothing outside of it. Found: its constructor ignores warnings for
# a moment, by `warnings.catch_warnings`, and the filters are the whole process's: a thread that begins while
# another one is in there takes "ignore all" for what was there before, and puts that back when both are done:
#
#   one thread: a warning is shown
#   eight threads: no warning is shown any more
#
# A program that evaluates in threads makes one evaluator before they start, and copies it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'simpleeval==1.0.8'
cat >"$folder/threads.py" <<'PROGRAM'
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

from simpleeval import SimpleEval

shown = []
warnings.showwarning = lambda message, *others: shown.append(str(message))
warnings.simplefilter("always")


def warns():
    shown.clear()
    warnings.warn("look out")
    return bool(shown)


def make(count):
    for _ in range(count):
        SimpleEval()


make(1_000)
print("one thread:", "a warning is shown" if warns() else "no warning is shown any more")
sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(8) as threads:
    for _ in range(200):
        list(threads.map(make, [50] * 8))
        if not warns():
            break
print("eight threads:", "a warning is shown" if warns() else "no warning is shown any more")
PROGRAM
"$folder/venv/bin/python" "$folder/threads.py" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
one thread: a warning is shown
eight threads: no warning is shown any more
SEEN
diff "$folder/expected" "$folder/seen"
