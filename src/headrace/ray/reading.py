"""`headrace.ray.read`: a listing that the tasks of a Ray cluster read, as a `ray.data.Dataset`."""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import ray
import ray.data
from fsspec.implementations.local import LocalFileSystem
from ray.exceptions import RayTaskError

from headrace.backfill.lanes import MOST_LANES, Lane, plan_lanes, schema_of
from headrace.config.secrets.masking import secrets_of_url
from headrace.core.arrow import pa
from headrace.core.exceptions import ConfigError, ConnectionFailed, Fault, HeadraceError
from headrace.ray.task import LaneManifest, LaneTask, run_lane
from headrace.reading.tenant_rows import told_of_tenant
from headrace.reading.travelling import tenants_in_text, travelling_text
from headrace.sansio.rows.portable_schema import without_column

_LOGGER = logging.getLogger("headrace.ray")
_LANES_OF_A_WORKER = 8
# The client has tried several times by then, but from another machine it may go.
_RUN_LANE = ray.remote(max_retries=3, retry_exceptions=[ConnectionFailed])(run_lane)


def read(
    config: Path | str | Mapping[str, Any],
    resource: str | None = None,
    *,
    lanes: int | None = None,
    workers: int | None = None,
    tenants: Collection[str] = (),
    out: str | None = None,
    secrets: str | None = None,
    schema_rows: int = 1_000,
) -> ray.data.Dataset:
    """Reads a listing with the tasks of a Ray cluster, each a part of it.

    It returns once all has been read: the dataset stands on Parquet files, so that nothing that is
    done with it asks the API again. A task that fails, or whose machine is lost, is run again by
    Ray; what it had written until then counts for nothing.

    Args:
        config: The path of a config file, the name of a connector, or a config as a dictionary.
            What tasks get of it has `${NAME}` in it as written, and each looks its value up where
            it runs.
        resource: The name of the resource to read; None where the config has only one.
        lanes: In how many parts to read it at most; None for eight for each worker. A listing that
            cannot be parted exactly is one.
        workers: How many tasks read at once, which share the config's `rate_limit` and
            `concurrency`; None for as many as the cluster has CPUs.
        tenants: The names of the tenants to read, where the config has `tenants`; all when empty. A
            `rate_limit` is each tenant's own.
        out: The URL of a folder, as fsspec knows them (`s3://`, `gs://`, a path), which all
            machines see; it gets a folder of its own for this read. None for a folder of the Ray
            session, where the cluster is one machine.
        secrets: A function, written as `package.module:function`, from the NAME in `${NAME}` to
            its value. Where it gives None, and without it, the value is looked up as on the
            command line: in the environment, then in `.dlt/`.
        schema_rows: So many rows are looked at for the columns and their types. What comes later
            and has no place stands in the column `_headrace_rest`; columns that the config
            declares are always there.

    Returns:
        The rows.

    Raises:
        ConfigError: The config cannot be used, holds a secret in clear, or the machines see no
            common folder.
        HeadraceError: The listing failed.
        ValueError: An argument is none of those that are possible.

    Example:
        `headrace simulate` serves the sample API of this example:

        >>> import headrace.ray
        >>> rows = headrace.ray.read("executions", "executions")  # doctest: +SKIP
        >>> rows.count()  # doctest: +SKIP
        20000
    """
    for name, value in (("lanes", lanes), ("workers", workers), ("schema_rows", schema_rows)):
        if value is not None and value < 1:
            raise ValueError(f"`{name}` is {value!r}: expected a number from 1 on")
    text = travelling_text(config)
    if not ray.is_initialized():
        ray.init()
    at_once = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    folder = f"{_folder(out)}/read-{uuid.uuid4().hex}"
    wanted = lanes or min(MOST_LANES, at_once * _LANES_OF_A_WORKER)
    text, column, of_tenants = tenants_in_text(text, tenants)
    schema = schema_of(text, resource, rows=schema_rows, secrets=secrets)
    # The config of one tenant alone knows nothing of the column.
    schema = without_column(schema, column) if of_tenants else schema
    tasks: list[LaneTask] = []
    alone: list[tuple[str | None, str]] = [*of_tenants.items()] or [(None, text)]
    for tenant, own in alone:
        with _told_of(tenant):
            plan = _planned(own, resource, max(1, wanted // len(alone)), secrets)
        told = None if tenant is None else (column, tenant)
        sharing = min(at_once, len(plan))
        for lane in plan:
            number = len(tasks)
            tasks.append(
                LaneTask(own, resource, secrets, sharing, folder, schema, lane, number, told)
            )
    manifests = sorted(_run(tasks, at_once), key=lambda manifest: manifest.number)
    return _dataset(folder, manifests, schema)


def _planned(text: str, resource: str | None, lanes: int, secrets: str | None) -> Sequence[Lane]:
    plan, notes = plan_lanes(text, resource, lanes=lanes, secrets=secrets)
    for note in notes:
        _LOGGER.warning("%s", note)
    return plan


@contextmanager
def _told_of(tenant: str | None) -> Iterator[None]:
    """Says in errors which tenant they are about."""
    try:
        yield
    except HeadraceError as error:
        if tenant is None:
            raise
        raise told_of_tenant(error, tenant) from None


def _folder(out: str | None) -> str:
    if out is not None:
        if any(secrets_of_url(out)):
            # The URL would travel with each task.
            message = "holds a secret, which the machines look up themselves: leave it out here"
            raise ConfigError([Fault("out", message)])
        filesystem, path = fsspec.core.url_to_fs(out)
        # A relative path would lead elsewhere in the working directory of a task.
        is_local = isinstance(filesystem, LocalFileSystem)
        return (filesystem.unstrip_protocol(path) if is_local else out).rstrip("/")
    nodes = [node for node in ray.nodes() if node["Alive"]]
    if len(nodes) > 1:
        message = (
            f"the cluster has {len(nodes)} machines: give the URL of a folder that all of them "
            "see, as out='s3://bucket/folder'"
        )
        raise ConfigError([Fault("out", message)])
    context = ray.get_runtime_context()
    return f"{context.get_temp_dir()}/{context.get_session_name()}/headrace"


def _run(tasks: Sequence[LaneTask], at_once: int) -> Iterator[LaneManifest]:
    """Has all tasks run, so many at a time."""
    at_once = max(1, min(at_once, len(tasks)))
    cpus = ray.cluster_resources().get("CPU", 1.0)
    # A task waits for the API most of the time: there may be more of them than CPUs.
    share = min(1.0, int(1_000 * cpus / at_once) / 1_000)
    run = _RUN_LANE.options(num_cpus=share, scheduling_strategy="SPREAD")
    waiting = deque(tasks)
    running: dict[ray.ObjectRef, LaneTask] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                task = waiting.popleft()
                running[run.remote(task)] = task
            done, _ = ray.wait(list(running), num_returns=1)
            for each in done:
                yield _manifest(each, running.pop(each))
    finally:
        for each in running:
            ray.cancel(each)


def _manifest(returned: ray.ObjectRef, task: LaneTask) -> LaneManifest:
    """What a task returned, or what it raised, as if it had been raised here."""
    with _told_of(task.tenant[1] if task.tenant else None):
        try:
            manifest: LaneManifest = ray.get(returned)
        except RayTaskError as error:
            if isinstance(error.cause, HeadraceError):
                raise error.cause from None
            raise
        return manifest


def _dataset(folder: str, manifests: Sequence[LaneManifest], schema: pa.Schema) -> ray.data.Dataset:
    filesystem, root = fsspec.core.url_to_fs(folder)
    for manifest in manifests:
        for name, size in manifest.files.items():
            _check_seen(filesystem, f"{root}/{name}", size)
        if manifest.set_aside is not None:
            _LOGGER.warning(
                "%d rows could not be read and are not in the dataset: see %s",
                manifest.rows_set_aside,
                f"{folder}/{manifest.set_aside}",
            )
    if not manifests:
        return ray.data.from_arrow(schema.remove_metadata().empty_table())
    paths = [f"{root}/{name}" for manifest in manifests for name in manifest.files]
    return ray.data.read_parquet(paths, filesystem=filesystem)


def _check_seen(filesystem: Any, path: str, size: int) -> None:
    try:
        found = filesystem.info(path)["size"]
    except FileNotFoundError:
        found = None
    if found != size:
        message = (
            f"a task wrote {path}, which is not there for the program that asked: give the URL of "
            "a folder that all machines see, as out='s3://bucket/folder'"
        )
        raise ConfigError([Fault("out", message)])
