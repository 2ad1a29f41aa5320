"""Tries a connector against a server."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from headrace.testing.checks import Checks
from headrace.testing.connector_server import ConnectorServer
from headrace.testing.proxy import WatchingProxy
from headrace.testing.results import ConnectorChecks, ConnectorFailed
from headrace.testing.trial import Trial, collected_logs


def check_connector(
    connector: str | Path,
    server: str | ConnectorServer,
    *,
    resources: Collection[str] = (),
    folder: str | Path | None = None,
) -> ConnectorChecks:
    """Tries a connector against a server, and loads into DuckDB files of its own.

    A proxy on this machine stands between the two. It keeps the answers, with which the tables are
    compared, and breaks syncs off. The server has to stay as it is meanwhile.

    | check | what is tried |
    | --- | --- |
    | `first sync` | all is loaded; no row goes to quarantine, no request fails |
    | `exactness` | the table has the rows that the server shows, value by value, and the types |
    | `second sync` | nothing changes, and what is kept up with takes few requests |
    | `verify` | it says that the tables hold what the API lists |
    | `resume` | what a sync leaves that fails or is killed midway, the next one takes up |
    | `wrong key` | it is refused, and the sync fails |
    | `report` | it is written, where the connector names `pipeline.views` |
    | `secrets` | they are in no table, state, file, log or error |

    Args:
        connector: The name of a connector that ships with Headrace, or the path of a config file.
        server: The server, or the base URL of one that needs no settings.
        resources: The names of the resources to try; all of them when empty, those as well that
            are not `selected`.
        folder: An empty folder for what is loaded, to look at afterwards; a temporary one when
            None.

    Returns:
        How each check went.

    Raises:
        ConnectorFailed: A check failed.
        ConfigError: The connector is wrong, or `server.settings` lacks a value that it names.

    Example:
        `headrace simulate` serves the sample API of this example:

        >>> from headrace.testing import ConnectorServer, check_connector
        >>> server = ConnectorServer(
        ...     "http://127.0.0.1:8080/api/v1", settings={"API_KEY": "simulator"}
        ... )
        >>> checks = check_connector("executions", server, resources=["workflows"])
        >>> checks.ok
        True
    """
    known = ConnectorServer(server) if isinstance(server, str) else server
    with ExitStack() as opened:
        if folder is None:
            temporary = TemporaryDirectory(prefix="headrace-testing-")
            place = Path(opened.enter_context(temporary))
        else:
            place = Path(folder)
        proxy = opened.enter_context(WatchingProxy(known.base_url))
        trial = Trial(str(connector), known, proxy, place, tuple(resources))
        opened.enter_context(collected_logs(trial.logged))
        checks = Checks(trial)
        run = trial.run("synced")
        if checks.first_sync(run):
            checks.exactness(run)
            checks.second_sync(run)
            checks.verified(run)
            checks.resume()
            checks.report(run)
        checks.wrong_key()
        checks.secrets()
    found = ConnectorChecks(str(connector), tuple(checks.results))
    if not found.ok:
        raise ConnectorFailed(found)
    return found
