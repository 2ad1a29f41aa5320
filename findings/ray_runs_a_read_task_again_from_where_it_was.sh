#!/bin/sh
# Ray 2.60.0, Ray Data: a read task whose worker dies is run again, and not from its beginning.
#
# Guessed: the blocks that the first run had yielded are dropped, and those of the second count.
# Found: they stay, and as many blocks of the second run are skipped, by their number, whatever is in
# them. Here the worker dies after two blocks of a row each:
#
#   nothing changed: [1, 2, 3, 4]
#   row 1 deleted meanwhile: [1, 2, 4]
#   a row added in front meanwhile: [1, 2, 2, 3, 4]
#
# A source that changes loses rows that were there all the time, and brings others twice, without a word.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'ray[data]==2.60.0'
cat >"$folder/again.py" <<'PROGRAM'
import os
import pathlib
import sys
import tempfile
import time

import pyarrow as pa
import ray
from ray.data import Datasource, ReadTask
from ray.data.block import BlockMetadata

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _temp_dir=sys.argv[1])
ray.data.DataContext.get_current().enable_progress_bars = False
# Each table that is yielded becomes a block.
ray.data.DataContext.get_current().target_max_block_size = 1_000


class Pages(Datasource):
    def __init__(self, later):
        self.later = later
        self.died = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[1])) / "died"

    def estimate_inmemory_data_size(self):
        return None

    def get_read_tasks(self, parallelism, *args, **more):
        def read():
            is_first = not self.died.exists()
            for number, page in enumerate([[1], [2], [3], [4]] if is_first else self.later):
                if is_first and number == 2:
                    time.sleep(2)  # the two blocks have arrived by then
                    self.died.touch()
                    os._exit(1)
                yield pa.table({"id": page, "text": ["x" * 200_000]})

        unknown = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
        return [ReadTask(read, unknown)]


def rows(later):
    read = ray.data.read_datasource(Pages(later), override_num_blocks=1)
    return sorted(row["id"] for row in read.iter_rows())


with open(sys.argv[2], "w") as seen:
    print("nothing changed:", rows([[1], [2], [3], [4]]), file=seen)
    print("row 1 deleted meanwhile:", rows([[2], [3], [4]]), file=seen)
    print("a row added in front meanwhile:", rows([[0], [1], [2], [3], [4]]), file=seen)
PROGRAM
HOME=$folder RAY_USAGE_STATS_ENABLED=0 "$folder/venv/bin/python" "$folder/again.py" "$folder/ray" \
  "$folder/seen" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cat "$folder/seen"
cat >"$folder/expected" <<'SEEN'
nothing changed: [1, 2, 3, 4]
row 1 deleted meanwhile: [1, 2, 4]
a row added in front meanwhile: [1, 2, 2, 3, 4]
SEEN
diff "$folder/expected" "$folder/seen"
