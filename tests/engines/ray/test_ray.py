"""A listing that the tasks of a local Ray read, some of which are killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest

from headrace.config.files.texts import text_of_document
from headrace.simulator import Simulator
from tests.engines.examples import executions
from tests.engines.living import LivingWorld
from tests.engines.running import command_line, descendants, program, run
from tests.support.canaries import encoded
from tests.support.documentation import code_blocks
from tests.support.project import ROOT

pytestmark = pytest.mark.engines

START = """
import headrace.ray, json, os, ray
ray.init(num_cpus=2, include_dashboard=False, object_store_memory=200 * 2**20,
         _temp_dir=os.environ["RAY_FOLDER"])
"""
KILLED = """
rows = headrace.ray.read("executions.yml", "executions", lanes=8, workers=2, out="out")
rows.write_parquet("read")
"""
CANARY = 'c4n4ry+"&<of-ray'
SHOP = """
client:
  base_url: ${EXECUTIONS_BASE_URL}
  auth: {type: api_key, name: X-API-KEY, api_key: "${VAULT_KEY}"}
  paginator: {type: cursor, limit: 250, cursor_param: cursor, cursor_path: nextCursor}
resource_defaults: {primary_key: id, endpoint: {data_selector: data}}
resources: [executions]
"""
# Those that keep what travels: the objects, the tasks and their arguments.
WITH_A_SECRET = """
rows = headrace.ray.read("shop.yml", "executions", secrets="our_vault:find")
print("rows", rows.count())
from tests.engines.memory import processes_holding
canary = open("key").read()
print("canary in", processes_holding(canary, ("raylet", "gcs_server")))

@ray.remote
class Named:
    pass
# What does travel is found that way.
kept = ray.put(b"in an " + b"object" * 100_000), Named.options(name="in a " + "name").remote()
print("object in", processes_holding("in an objectobject", ("raylet",)))
ray.get(kept[1].__ray_ready__.remote())
print("name in", processes_holding("in a name", ("gcs_server",)))
"""
FAILING = """
import headrace
def refused(key, **more):
    try:
        auth = {"type": "api_key", "name": "X-API-KEY", "api_key": key}
        url = os.environ["EXECUTIONS_BASE_URL"]
        client = {"base_url": url, "auth": auth}
        headrace.ray.read({"client": client, "resources": ["workflows"]}, **more)
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
        print("----")
refused("${HOME}")
os.environ["LATE_KEY"] = "simulator"  # after the workers have started
refused("${LATE_KEY}")
refused("simulator")
"""
TENANTS = """
from collections import Counter
rows = headrace.ray.read("tenants.yml", "executions", tenants=["acme", "beta"], lanes=8)
print(dict(sorted(Counter(rows.to_pandas()["tenant"]).items())))
from headrace.exceptions import HeadraceError
def refused(*tenants):
    try:
        headrace.ray.read("tenants.yml", "executions", tenants=tenants)
    except HeadraceError as error:
        print(next(part for part in ("tenant `beta`", "there is no tenant") if part in str(error)))
import pathlib
text = pathlib.Path("tenants.yml").read_text()
pathlib.Path("tenants.yml").write_text(text.replace("BETA_KEY", "ACME_KEY"))
refused("acme", "beta")
refused("nobody")
"""
SEVERAL = """
from headrace.exceptions import ConfigError
ray.shutdown()
from ray.cluster_utils import Cluster
node = {"num_cpus": 1, "temp_dir": os.environ["RAY_FOLDER"]}
cluster = Cluster(initialize_head=True, head_node_args=node)
cluster.add_node(**node)
ray.init(address=cluster.address)
try:
    headrace.ray.read("executions", "executions")
except ConfigError as error:
    print(error)
print("----")
print(headrace.ray.read("executions", "executions", out="out").count())
ray.shutdown()
cluster.shutdown()
"""


@pytest.fixture
def ray_folder() -> Iterator[Path]:
    """Where Ray keeps what it writes: the names of its sockets must be short."""
    with TemporaryDirectory(prefix="ray") as folder:
        yield Path(folder)


RunOnRay = Callable[..., str]


@pytest.fixture
def run_on_ray(tmp_path: Path, ray_folder: Path) -> RunOnRay:
    """Runs a program with a Ray of its own, the sample API at hand."""

    def run_it(body: str, simulator: Simulator, **environment: str) -> str:
        given = {
            "EXECUTIONS_BASE_URL": simulator.base_url,
            "API_KEY": simulator.api_key,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_FOLDER": str(ray_folder),
            "HOME": str(tmp_path),
            **environment,
        }
        return run([program(), "-c", START + body], tmp_path, given, seconds=240)

    return run_it


def readers(below: int) -> list[int]:
    return [each for each in descendants(below) if "run_lane" in command_line(each)]


def kill_one_after(request: int, killed: list[int]) -> Callable[[int], None]:
    """Kills the first task that reads after so many requests."""

    def kill(number: int) -> None:
        if number >= request and not killed:
            for reader in readers(os.getpid())[:1]:
                os.kill(reader, signal.SIGKILL)
                killed.append(reader)

    return kill


def test_a_killed_task_is_run_again_and_leaves_nothing_behind(
    tmp_path: Path, run_on_ray: RunOnRay
) -> None:
    killed: list[int] = []
    living = LivingWorld(1_800, then=kill_one_after(75, killed))
    (tmp_path / "executions.yml").write_text(text_of_document(executions(25)))
    with Simulator(world=living.world, on_request=living.on_request) as simulator:
        run_on_ray(KILLED, simulator)

    rows = pq.read_table(tmp_path / "read").drop_columns(["_headrace_rest"]).to_pylist()
    living.check(rows)
    assert len(killed) == 1
    attempts = [each.name for each in (tmp_path / "out").glob("*/lane-*")]
    lanes = {name[:10] for name in attempts}
    assert len(lanes) == 8
    assert len(attempts) == len(lanes) + 1, "the killed one has a folder, which counts for nothing"


def test_no_secret_travels(tmp_path: Path, ray_folder: Path, run_on_ray: RunOnRay) -> None:
    (tmp_path / "our_vault.py").write_text(
        "from pathlib import Path\n"
        "def find(name): return Path('key').read_text() if name == 'VAULT_KEY' else None\n"
    )
    (tmp_path / "key").write_text(CANARY)
    (tmp_path / "shop.yml").write_text(SHOP)
    with Simulator(rows=600, api_key=CANARY) as simulator:
        out = run_on_ray(WITH_A_SECRET, simulator, API_KEY="", PYTHONPATH=f"{tmp_path}:{ROOT}")

    assert "rows 600" in out
    assert "canary in []" in out
    assert "object in ['raylet']" in out
    assert "name in ['gcs_server']" in out
    logs = [file for file in ray_folder.rglob("*") if file.is_file()]
    assert any("raylet" in file.name for file in logs)
    forms = [form.encode() for form in encoded(CANARY)]
    told = [file for file in logs if any(form in file.read_bytes() for form in forms)]
    assert told == []


def test_what_fails_is_told_as_without_ray(run_on_ray: RunOnRay) -> None:
    with Simulator(rows=600) as simulator:
        out = run_on_ray(FAILING, simulator)

    wrong_key, no_key, in_clear = out.split("----\n")[:3]
    assert wrong_key.startswith("ResponseStatusError")
    assert "401" in wrong_key
    assert no_key.startswith("ConfigError")
    assert "no value for ${LATE_KEY}" in no_key
    assert in_clear.startswith("ConfigError")
    assert "client.auth.api_key: a secret stands" in in_clear


def test_each_row_of_a_tenant_names_it(tmp_path: Path, run_on_ray: RunOnRay) -> None:
    with (
        Simulator(rows=300, api_key="key-of-acme") as acme,
        Simulator(rows=500, api_key="key-of-beta") as beta,
    ):
        urls = [each.base_url for each in (acme, beta, beta)]
        document = {
            **{key: value for key, value in executions(50).items() if key != "pipeline"},
            "tenants": [
                {
                    "name": name,
                    "set": {"client.base_url": url},
                    "secrets": {"API_KEY": f"{name.upper()}_KEY"},
                }
                for name, url in zip(("acme", "beta", "left_out"), urls, strict=True)
            ],
        }
        (tmp_path / "tenants.yml").write_text(text_of_document(document))
        out = run_on_ray(TENANTS, acme, ACME_KEY=acme.api_key, BETA_KEY=beta.api_key)

    assert out.splitlines() == ["{'acme': 300, 'beta': 500}", "tenant `beta`", "there is no tenant"]


def test_several_machines_need_a_folder_that_all_see(tmp_path: Path, run_on_ray: RunOnRay) -> None:
    with Simulator(rows=600) as simulator:
        out = run_on_ray(SEVERAL, simulator)

    refused, rows = out.split("----\n")
    assert "the cluster has 2 machines: give the URL of a folder" in refused
    assert rows.strip() == "600"


def test_the_first_example_of_the_docs_runs(run_on_ray: RunOnRay) -> None:
    (example, *_) = code_blocks("ray.md", "python")
    with Simulator(rows=600) as simulator:
        out = run_on_ray(example, simulator)

    assert out.splitlines()[0] == "600"
