"""A secret from any place of a config is nowhere to be found after a sync, however that went."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import dlt
import pytest

from headrace import HeadraceError, LegSettings, rest_api_source, sync
from headrace.config import load_config
from headrace.dlt_source.source import build_source
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.canaries import (
    AUTHS,
    SECRETS_OF_FETCHING,
    canary,
    config_of,
    echoed,
    encoded,
    leaks,
    secrets_file,
    secrets_of,
    told_by,
)
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Row, Warehouse

pytestmark = pytest.mark.usefixtures("canaries_set")


def error_status(status: int) -> Callable[[str], Answer]:
    return lambda echo: Answer({"message": f"no: {echo}"}, status)


FAULTS: dict[str, Callable[[str], Answer]] = {
    "401": error_status(401),
    "403 in HTML": lambda echo: Answer(raw=f"<p>{echo}</p>".encode(), status=403),
    "500": error_status(500),
    "HTML": lambda echo: Answer(
        raw=f"<html>{echo}</html>".encode(), headers={"Content-Type": "text/html"}
    ),
    "redirect": lambda echo: Answer(
        status=307, headers={"Location": f"http://127.0.0.2/{encoded(canary('param'))[1]}"}
    ),
    "redirect to no URL": lambda echo: Answer(
        status=307, headers={"Location": f"http://[{encoded(canary('param'))[1]}"}
    ),
    "broken JSON": lambda echo: Answer(raw=json.dumps({"data": [{"id": echo}]}).encode()[:-4]),
    "no rows": lambda echo: Answer({"error": echo}),
    "too long a header": lambda echo: Answer({}, headers={"X-Echo": echo + "x" * 70_000}),
}


@pytest.mark.parametrize(
    ("fault", "auth"),
    [
        *zip(FAULTS, [*AUTHS, *AUTHS], strict=False),
        *(("401", auth) for auth in AUTHS if auth != "header"),
    ],
)
def test_what_fails_tells_no_secret(
    fault: str,
    auth: str,
    server: JsonServer,
    warehouse: Warehouse,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    server.handler = lambda asked: FAULTS[fault](echoed(auth))
    source = build_source(load_config(config_of(server.base_url, auth)))
    with pytest.raises(HeadraceError) as caught:
        sync(warehouse.pipeline(), source)
    with pytest.raises(Exception, match="failed at `step=extract`") as plainly:
        warehouse.pipeline("plain").run(source)

    assert_sent(server, auth)
    texts = (told_by(caught.value), told_by(plainly.value), *capfd.readouterr())
    assert not leaks(secrets_of(auth), tmp_path, *texts, without=[secrets_file(tmp_path)])
    assert "Using selector" in (tmp_path / "everything.log").read_text()


@pytest.mark.parametrize("fault", ["401", "500", "HTML", "no token"])
@pytest.mark.parametrize("auth", SECRETS_OF_FETCHING)
def test_what_fails_tells_no_secret_of_a_token_either(
    fault: str,
    auth: str,
    server: JsonServer,
    warehouse: Warehouse,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    given = {"access_token": canary("token"), "refresh_token": canary("next_refresh")}
    gives = fault != "no token"
    known = [each for each in secrets_of(auth) if gives or each not in given.values()]
    echo = " ".join(form for secret in known for form in encoded(secret))

    def answer(asked: Asked) -> Answer:
        if asked.path == "/token" and gives:
            return Answer(given)
        answer = FAULTS[fault if gives else "401"](echo)
        digest = {"WWW-Authenticate": f'Digest realm="{known[0]}", nonce="n"'}
        return replace(answer, headers={**answer.headers, **digest})

    server.handler = answer
    source = build_source(load_config(config_of(server.base_url, auth)))
    with pytest.raises(HeadraceError) as caught:
        sync(warehouse.pipeline(), source)

    texts = (told_by(caught.value), *capfd.readouterr())
    assert not leaks(secrets_of(auth), tmp_path, *texts, without=[secrets_file(tmp_path)])


def assert_sent(server: JsonServer, auth: str) -> None:
    """The secrets have been in use, so that they could be told."""
    asked = server.asked[0]
    sent = f"{asked.headers} {asked.query} {asked.body.decode()}"
    for place in ("client_header", "param"):
        assert canary(place) in sent
    assert any(form in sent for form in encoded(canary(auth)))


def test_a_quarantined_row_tells_no_secret(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answers({"data": [{"id": 1}, {"id": None, "note": echoed("basic")}]})
    sync(warehouse.pipeline(), build_source(load_config(config_of(server.base_url, "basic"))))

    ((raw_row, request),) = warehouse.query(
        "SELECT raw_row, request FROM test_data._headrace_quarantine"
    )
    assert raw_row.count("***") == len(secrets_of("basic")) * len(encoded(""))
    masked = "&f=%7B%22password%22%3A%22***%22%7D"
    assert request == f"POST {server.base_url}/x?sig=***&access_token=***&v=***{masked}"
    assert not leaks(
        secrets_of("basic"), tmp_path, *capfd.readouterr(), without=[secrets_file(tmp_path)]
    )


def test_where_nothing_answers(
    warehouse: Warehouse, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    login = encoded(canary("login"))[1]
    source = build_source(load_config(config_of(f"http://someone:{login}@127.0.0.1:1", "query")))
    with pytest.raises(HeadraceError, match="does not take the connection") as caught:
        sync(warehouse.pipeline(), source)

    texts = (told_by(caught.value), *capfd.readouterr())
    secrets = [canary("login"), *secrets_of("query")]
    assert not leaks(secrets, tmp_path, *texts, without=[secrets_file(tmp_path)])


def test_a_secret_looked_up_in_python_goes_by_any_name(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.handler = lambda asked: Answer({"message": str(asked)}, 401)
    source = rest_api_source(
        {
            "client": {"base_url": server.base_url, "paginator": "single_page"},
            "resources": [
                {
                    "name": "items",
                    "endpoint": {
                        "headers": {"X-Of-Environment": f"Shop {dlt.secrets['shop_key']}"},
                        "params": {"of_file": dlt.secrets["shop"]},
                    },
                }
            ],
        }
    )
    with pytest.raises(HeadraceError) as caught:
        sync(warehouse.pipeline(), source)

    texts = (told_by(caught.value), *capfd.readouterr())
    secrets = [canary("variable"), canary("file")]
    assert "'Shop ***'" in str(caught.value)
    assert not leaks(secrets, tmp_path, *texts, without=[secrets_file(tmp_path)])


def test_what_is_not_known_as_a_secret_is_found(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    config = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{"name": "items", "primary_key": "id", "endpoint": {"data_selector": "d"}}],
    }
    # Each form by a secret of its own, and only those that JSON leaves as they are.
    told = {
        secret: encoded(secret)[number]
        for number in range(len(encoded("")))
        if (secret := canary(f"unknown{number}"))
    }
    told = {secret: form for secret, form in told.items() if json.dumps(form) == f'"{form}"'}
    assert len(told) >= 6
    server.answers({"d": [{"id": 1}, *({"id": None, "note": form} for form in told.values())]})
    sync(warehouse.pipeline(), rest_api_source(config))
    for secret in told:
        assert "warehouse.duckdb" in {place for place, _ in leaks([secret], tmp_path)}
    places = [place for place, _ in leaks(told, tmp_path)]
    assert any(place.endswith(".insert_values.gz") for place in places)
    for secret, form in told.items():
        server.answers(Answer({"message": form}, 401))
        with pytest.raises(HeadraceError) as caught:
            sync(warehouse.pipeline(), rest_api_source(config))
        found = {place for place, _ in leaks([secret], tmp_path, told_by(caught.value))}
        assert {"text", "pipelines/test/trace.pickle"} <= found


class LinkingListing(KeptListing):
    """Names each next page by its whole URL, with the key in it."""

    def _cursor_after(self, row: Row) -> str:
        key = encoded(canary("query"))[1]
        return f"https://x/?q={key}&at={super()._cursor_after(row)}"

    def _listed(self, cursor: str | None, limit: int, *, status: str | None = None) -> Answer:
        own = cursor and cursor.rpartition("&at=")[2]
        return super()._listed(own, limit, status=status)


def test_a_cursor_with_a_secret_in_it_is_not_kept(
    warehouse: Warehouse, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with LinkingListing(page=2) as api:
        api.put(*({"id": number, "status": "success"} for number in range(1, 7)))
        mirror = Mirror(api, warehouse, api.config())
        mirror.config["client"]["auth"] = AUTHS["query"]
        api.at_request(2, lambda: Answer({}, 500))
        with pytest.raises(HeadraceError, match="500"):
            mirror.sync(legs=LegSettings(most_bytes=1))
        assert mirror.counted("executions") == 2
        assert not leaks([canary("query")], tmp_path, *capfd.readouterr())

        api.forget_requests()
        mirror.sync()
        assert not mirror.faults()
        # From the top again, since it is not known how to go on below.
        assert api.pages_asked[0] is None
    assert not leaks([canary("query")], tmp_path, *capfd.readouterr())


COMMANDS: dict[str, Callable[[str], Answer]] = {
    "a refusal": FAULTS["401"],
    "a row to quarantine": lambda echo: Answer({"data": [{"id": 1}, {"id": None, "note": echo}]}),
}


@pytest.mark.parametrize("answer", COMMANDS)
def test_the_command_line(answer: str, server: JsonServer, tmp_path: Path) -> None:
    command_lines: list[str] = []

    def handler(asked: Asked) -> Answer:
        command_lines.extend(all_command_lines())
        return COMMANDS[answer](echoed("basic"))

    server.handler = handler
    auth = {**AUTHS["basic"], "password": "${SHOP_PASSWORD}"}
    config = config_of(server.base_url, "basic")
    config["client"] |= {"auth": auth, "headers": {"X-Api-Key": "${SHOP_CLIENT_KEY}"}}
    endpoint = config["resources"][0]["endpoint"]
    endpoint["path"] = "/x?sig=${SHOP_SIGNATURE}"
    endpoint["headers"]["X-Auth"] = "${SHOP_AUTH}"
    endpoint["params"]["access_token"] = "${SHOP_TOKEN}"
    endpoint["params"]["f"]["password"] = "${SHOP_JSON_SECRET}"
    endpoint["json"]["filter"]["password"] = "${SHOP_SECRET}"
    (tmp_path / "shop.json").write_text(json.dumps(config))
    variables = {
        "SHOP_PASSWORD": canary("basic"),
        "SHOP_CLIENT_KEY": canary("client_header"),
        "SHOP_SIGNATURE": encoded(canary("path_query"))[1],
        "SHOP_AUTH": canary("endpoint_header"),
        "SHOP_TOKEN": canary("param"),
        "SHOP_SECRET": canary("json"),
        "SHOP_JSON_SECRET": canary("param_json"),
    }
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "default", "-m", "headrace", "run", "shop.json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )

    assert ran.returncode == (answer == "a refusal"), ran.stderr
    assert any("headrace\0run\0shop.json" in line for line in command_lines)
    texts = (ran.stdout, ran.stderr, *command_lines)
    # The test's own server logs what it is asked for.
    without = [secrets_file(tmp_path), tmp_path / "everything.log"]
    assert not leaks(secrets_of("basic"), tmp_path, *texts, without=without)
    assert "|dlt|" in ran.stderr


def all_command_lines() -> Iterator[str]:
    """The arguments of each process that runs now."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_text(errors="replace")


def test_a_crash_of_the_command_line_tells_no_secret() -> None:
    program = (
        "import warnings, logging\n"
        "import headrace.cli.app as commands\n"
        "from headrace.cli import main\n"
        "from headrace.core.secrets.redaction import keep_secret\n"
        f"secret = {canary('crash')!r}\n"
        "keep_secret([secret])\n"
        "def broken():\n"
        "    warnings.warn(f'warned of {secret}')\n"
        "    logging.warning('logged %s', secret)\n"
        "    print(f'printed {secret}')\n"
        "    try: raise OSError(2, 'within', secret)\n"
        "    except OSError: raise RuntimeError(f'raised {secret}')\n"
        "commands.app = broken\n"
        "main()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert canary("crash") not in ran.stdout + ran.stderr
    assert "printed ***" in ran.stdout
    for told in ("warned of ***", "logged ***", "within: '***'", "RuntimeError: raised ***"):
        assert told in ran.stderr
