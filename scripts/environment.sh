# Sourced by the other scripts: puts this project into .venv, once and after each change of
# pyproject.toml. Set `extras` before sourcing: "" for users, "[dev]" for the tests' tools.
# shellcheck shell=sh

cd "$(dirname "$0")/.."

find_python() {
  for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "Headrace needs Python 3.11 or newer; set PYTHON to where it is." >&2
  exit 1
}

make_venv() {
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian and Ubuntu ship Python without this part.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
    else
      echo "Python's venv is missing: sudo apt-get install python3-venv" >&2
      exit 1
    fi
  fi
  "$python" -m venv .venv
}

python=$(find_python)
[ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || make_venv

stamp=".venv/installed${extras}"
if ! cmp -s pyproject.toml "$stamp"; then
  echo "Installing into .venv ..." >&2
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".${extras}"
  cp pyproject.toml "$stamp"
fi
