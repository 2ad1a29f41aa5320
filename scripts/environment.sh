# Sourced by the other scripts: installs what they need, once and after each change of pyproject.toml,
# or stops and says which one command brings it. Set these before sourcing:
#   extras    of this project in .venv: "" for users, "[dev]" for the tests' tools
#   programs  besides Python, by the names of their packages: "", or some of those below
# shellcheck shell=sh

cd "$(dirname "$0")/.."

find_python() {
  for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

is_here() {
  case $1 in
    python3) [ -n "$(find_python)" ] ;;
    # Debian and Ubuntu ship Python without this part.
    python3-venv) .venv/bin/python -c '' 2>/dev/null || "$(find_python)" -c 'import ensurepip, venv' 2>/dev/null ;;
    postgresql) command -v initdb || ls /usr/lib/postgresql/*/bin/initdb ;;
    mariadb-server) command -v mariadbd ;;
    # What Playwright drives Chromium with is linked against it.
    libatomic1) [ "$(uname)" != Linux ] || find /lib*/ /usr/lib*/ -name libatomic.so.1 | grep -q . ;;
    npm) command -v npm ;;
    # Another program, of moreutils, has the same name.
    parallel) parallel --version | grep -q GNU ;;
    # macOS has a command of that name that only says where Java could be had.
    default-jre-headless) java -version ;;
    chromium) command -v chromium || command -v chromium-browser ;;
  esac >/dev/null 2>&1
}

list_missing() {
  for package in python3 python3-venv $programs; do
    is_here "$package" || printf ' %s' "$package"
  done
}

install_packages() {
  if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo -n"; fi
  command -v apt-get >/dev/null && $as_root true 2>/dev/null || return 0
  echo "Installing$1 ..." >&2
  # What fails here is told by what is still missing afterwards.
  # shellcheck disable=SC2086
  $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $1 >/dev/null || true
}

missing=$(list_missing)
[ -z "$missing" ] || install_packages "$missing"
missing=$(list_missing)
case $missing in
  *" postgresql"*)
    # There is one on PyPI as well, which needs no rights on the machine.
    missing="${missing% postgresql*}${missing#* postgresql}"
    extras="[dev,dev-postgresql]"
    ;;
esac
case $missing in
  *" python3"|*" python3 "*)
    echo "Headrace needs Python 3.11 or newer; set PYTHON to where it is." >&2
    exit 1
    ;;
esac
if [ -n "$missing" ]; then
  echo "$0 needs$missing, and may not install it here. This does:" >&2
  echo "  sudo apt-get install -y$missing" >&2
  exit 1
fi

if ! .venv/bin/python -c '' 2>/dev/null; then
  "$(find_python)" -m venv .venv
fi
stamp=".venv/installed${extras}"
if ! cmp -s pyproject.toml "$stamp"; then
  echo "Installing into .venv ..." >&2
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".${extras}"
  cp pyproject.toml "$stamp"
fi
