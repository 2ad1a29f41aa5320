#!/bin/sh
# Ray 2.60.0: what `runtime_env` sets in the environment of workers stands in the log, in clear.
#
# Guessed: the values are handed to the workers, and a log has their names at most. Found: the agent
# that makes the environment writes all of it into the log of the session, which any user of the
# machine may read, several times. The folder that is uploaded as `working_dir` has
# `.dlt/secrets.toml` in it, but for what `.gitignore` names:
#
#   the worker sees it: a-secret-key
#   logs that have it: ['runtime_env_agent.log'], readable for all: True
#   .dlt/secrets.toml on the worker: True, with .gitignore: False
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'ray==2.60.0'
cat >"$folder/environment.py" <<'PROGRAM'
import os
import pathlib
import sys

import ray

folder = pathlib.Path(sys.argv[1])
project = folder / "project"
(project / ".dlt").mkdir(parents=True)
(project / ".dlt" / "secrets.toml").write_text("api_key = 'another'\n")


@ray.remote
def look():
    return os.environ["API_KEY"], pathlib.Path(".dlt/secrets.toml").exists()


def session():
    environment = {"env_vars": {"API_KEY": "a-secret-key"}, "working_dir": str(project)}
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False,
             _temp_dir=str(folder / "ray"), runtime_env=environment)
    told = ray.get(look.remote())
    ray.shutdown()
    return told


key, is_there = session()
logs = folder / "ray" / "session_latest" / "logs"
having = [each for each in logs.iterdir() if each.is_file() and key in each.read_text()]
(project / ".gitignore").write_text(".dlt/secrets.toml\n")
_, is_still_there = session()
with open(sys.argv[2], "w") as seen:
    print("the worker sees it:", key, file=seen)
    print(f"logs that have it: {[each.name for each in having]}, readable for all:",
          all(each.stat().st_mode & 0o004 for each in having), file=seen)
    print(f".dlt/secrets.toml on the worker: {is_there}, with .gitignore: {is_still_there}",
          file=seen)
PROGRAM
HOME=$folder RAY_USAGE_STATS_ENABLED=0 "$folder/venv/bin/python" "$folder/environment.py" \
  "$folder/r" "$folder/seen" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cat "$folder/seen"
cat >"$folder/expected" <<'SEEN'
the worker sees it: a-secret-key
logs that have it: ['runtime_env_agent.log'], readable for all: True
.dlt/secrets.toml on the worker: True, with .gitignore: False
SEEN
diff "$folder/expected" "$folder/seen"
