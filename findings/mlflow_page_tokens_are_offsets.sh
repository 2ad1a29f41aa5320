#!/bin/sh
# mlflow 3.17.2 with SQLite: the token of a page of runs is the number of runs before it.
#
# Guessed: it says where the listing stands, and the token of another filter or order is refused.
# Found: it is base64 of {"offset": 100}, with nothing of the search in it. A run that is deleted
# between two pages moves all behind it up by one, and one that was there all the time is on no page;
# a run that is started, newest first, makes one come twice. A token serves any other search too:
#
#   token of page 2: {"offset": 100}
#   left alone: 300 of 300 runs listed
#   one of page 1 deleted after page 1: 298 of the 299 that stay are listed
#   the token in another order: taken
#
# No answer tells the number of all runs, so nothing shows the loss.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'mlflow-skinny==3.17.2' 'sqlalchemy==2.0.52' 'alembic==1.18.5'
cat >"$folder/tokens.py" <<'PROGRAM'
import base64
import sys

from mlflow import MlflowClient

client = MlflowClient(f"sqlite:///{sys.argv[1]}/mlflow.db")
experiment = client.create_experiment("runs", artifact_location=sys.argv[1])
for number in range(300):
    client.create_run(experiment, start_time=number)


def list_runs(after_first_page=lambda page: None):
    listed, token = [], None
    while True:
        page = client.search_runs([experiment], max_results=100, page_token=token)
        listed += [run.info.run_id for run in page]
        if token is None:
            after_first_page(page)
        token = page.token
        if not token:
            return listed


first = client.search_runs([experiment], max_results=100)
print("token of page 2:", base64.b64decode(first.token).decode())
print("left alone:", len(set(list_runs())), "of 300 runs listed")
listed = set(list_runs(lambda page: client.delete_run(page[0].info.run_id)))
staying = set(list_runs())
print(f"one of page 1 deleted after page 1: {len(listed & staying)} of the {len(staying)}"
      " that stay are listed")
other = client.search_runs(
    [experiment], order_by=["start_time ASC"], max_results=100, page_token=first.token
)
print("the token in another order:", "taken" if other else "no rows")
PROGRAM
"$folder/venv/bin/python" "$folder/tokens.py" "$folder" 2>"$folder/log" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
token of page 2: {"offset": 100}
left alone: 300 of 300 runs listed
one of page 1 deleted after page 1: 298 of the 299 that stay are listed
the token in another order: taken
SEEN
diff "$folder/expected" "$folder/seen" || { cat "$folder/log"; exit 1; }
