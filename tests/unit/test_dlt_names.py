"""What Headrace uses of dlt, and where: a name that dlt does not document has one module.

That module says why the name is needed and what to check at an upgrade of dlt. A new name in
`INTERNAL` needs the same; most often there is a documented name for the purpose, or a function
of one of those modules.
"""

import ast
from collections import defaultdict
from contextlib import suppress
from functools import cache, reduce
from importlib import import_module
from inspect import getsource
from pathlib import Path
from typing import Any

import pytest

from tests.support.names_in_code import names_of_dlt, private_attributes

PACKAGE = Path(__file__).parents[2] / "src" / "headrace"

# What these export in their `__all__` is for users, and so are all exceptions.
PUBLIC_MODULES = (
    "dlt",
    "dlt.common.configuration",
    "dlt.common.configuration.specs",
    "dlt.common.data_types",
    "dlt.common.destination",
    "dlt.common.schema",
    "dlt.common.storages",
    "dlt.extract",
    "dlt.pipeline.current",
    "dlt.pipeline.mark",
)
# Documented on dlt's pages, but exported by none of those modules.
DOCUMENTED = {
    "dlt.TSecretStrValue",
    "dlt.common.normalizers.naming.NamingConvention",
    "dlt.common.pipeline.LoadInfo",
    "dlt.common.schema.typing.TFileFormat",
    "dlt.common.schema.typing.TSchemaContract",
    "dlt.common.typing.TSecretValue",
    "dlt.config.config_providers",
    "dlt.config.get",
    "dlt.config.value",
    "dlt.current.pipeline",
    "dlt.destinations.duckdb",
    "dlt.destinations.postgres",
    "dlt.destinations.sql_client.SqlClientBase",
    "dlt.sources.helpers.requests.client",
    "dlt.sources.helpers.rest_client.auth.APIKeyAuth",
    "dlt.sources.helpers.rest_client.auth.AuthConfigBase",
    "dlt.sources.helpers.rest_client.auth.BearerTokenAuth",
    "dlt.sources.helpers.rest_client.auth.HttpBasicAuth",
    "dlt.sources.helpers.rest_client.auth.OAuth2ClientCredentials",
    "dlt.sources.helpers.rest_client.paginators.BasePaginator",
    "dlt.sources.helpers.rest_client.paginators.OffsetPaginator",
    "dlt.sources.helpers.rest_client.paginators.RangePaginator",
}
# Name -> the only module that uses it.
INTERNAL = {
    "dlt.common.pipeline.get_dlt_pipelines_dir": "destination/first_folder.py",
    "dlt.common.configuration.container.Container": "core/dlt_door/contexts.py",
    "dlt.common.configuration.providers.dictionary.DictionaryProvider": (
        "core/dlt_door/settings.py"
    ),
    "dlt.common.configuration.providers.provider.ConfigProvider": "core/dlt_door/settings.py",
    "dlt.common.configuration.providers.toml.SettingsTomlProvider": "core/dlt_door/settings.py",
    "dlt.common.configuration.resolve.resolve_single_provider_value": "core/dlt_door/settings.py",
    "dlt.common.configuration.utils.get_resolved_traces": "core/dlt_door/settings.py",
    "dlt.common.data_writers.DataWriter": "dlt_source/child_files.py",
    "dlt.common.data_writers.resolve_best_writer_spec": "dlt_source/file_formats.py",
    "dlt.common.destination.client.WithStateSync": "destination/stored_states.py",
    "dlt.common.libs.pyarrow.get_py_arrow_datatype": "dlt_source/table_columns.py",
    "dlt.common.normalizers.json.helpers.get_nested_row_hash": "dlt_source/child_files.py",
    "dlt.common.normalizers.json.helpers.normalize_identifier": "dlt_source/table_columns.py",
    "dlt.common.pipeline.PipelineContext": "core/dlt_door/auths.py",
    "dlt.common.schema.typing.TPartialTableSchema": "dlt_source/rehearsal.py",
    "dlt.common.schema.utils.autodetect_sc_type": "dlt_source/table_columns.py",
    "dlt.common.schema.utils.dlt_id_column": "dlt_source/table_columns.py",
    "dlt.common.schema.utils.dlt_load_id_column": "dlt_source/table_columns.py",
    "dlt.common.schema.utils.get_columns_names_with_prop": "destination/dlt_schema.py",
    "dlt.common.schema.utils.get_nested_tables": "destination/dlt_schema.py",
    "dlt.common.schema.utils.get_root_table": "destination/dlt_schema.py",
    "dlt.common.schema.utils.get_write_disposition": "destination/dlt_schema.py",
    "dlt.common.schema.utils.is_nullable_column": "dlt_source/table_columns.py",
    "dlt.common.schema.utils.merge_columns": "dlt_source/table_columns.py",
    "dlt.common.schema.utils.has_table_seen_data": "destination/dlt_schema.py",
    "dlt.common.schema.utils.new_table": "destination/dlt_schema.py",
    "dlt.common.schema.utils.normalize_table_identifiers": "destination/dlt_schema.py",
    "dlt.common.storages.load_package.LoadPackageStateInjectableContext": (
        "dlt_source/child_files.py"
    ),
    "dlt.common.time.get_context_timezone_name": "dlt_source/table_columns.py",
    "dlt.destinations.impl.destination.configuration.CustomDestinationClientConfiguration": (
        "destination/dispositions.py"
    ),
    "dlt.destinations.impl.duckdb.configuration.DuckDbCredentials": "destination/dlt_clients.py",
    "dlt.destinations.impl.duckdb.sql_client.WithTableScanners": "destination/dlt_clients.py",
    "dlt.common.destination.configuration.ParquetFormatConfiguration": (
        "destination/loader_files.py"
    ),
    "dlt.destinations.impl.duckdb.duck.DuckDbClient": "destination/direct_merges_duckdb.py",
    "dlt.destinations.impl.duckdb.duck.DuckDbCopyJob": "destination/direct_merges_duckdb.py",
    "dlt.destinations.impl.postgres.postgres.PostgresClient": (
        "destination/direct_merges_postgres.py"
    ),
    "dlt.destinations.impl.postgres.postgres.PostgresCsvCopyJob": (
        "destination/direct_merges_postgres.py"
    ),
    "dlt.destinations.impl.postgres.postgres.PostgresParquetCopyJob": (
        "destination/direct_merges_postgres.py"
    ),
    "dlt.destinations.impl.sqlalchemy.type_mapper.MysqlVariantTypeMapper": (
        "destination/long_texts.py"
    ),
    "dlt.destinations.job_client_impl.SqlJobClientBase": "destination/dlt_clients.py",
    "dlt.destinations.sql_client.DBApiCursorImpl": "destination/dlt_clients.py",
    "dlt.extract.incremental.IncrementalColumnState": "dlt_source/incremental/dlt_step.py",
    "dlt.extract.incremental.IncrementalResourceWrapper": "dlt_source/dlt_pipe.py",
    "dlt.extract.incremental.transform.JsonIncremental": "dlt_source/incremental/ordered_step.py",
    "dlt.extract.items_transform.LimitItem": "dlt_source/dlt_pipe.py",
    "dlt.extract.storage.ExtractorItemStorage": "dlt_source/child_files.py",
    "dlt.extract.pipe.ForkPipe": "dlt_source/dlt_pipe.py",
    "dlt.extract.pipe.Pipe": "dlt_source/dlt_pipe.py",
    "dlt.normalize.configuration.NormalizeConfiguration": "dlt_source/rehearsal.py",
    "dlt.normalize.items_normalizers.JsonLItemsNormalizer": "dlt_source/rehearsal.py",
    "dlt.normalize.configuration.ItemsNormalizerConfiguration": "dlt_source/table_columns.py",
    "dlt.pipeline.helpers.pipeline_drop": "destination/dlt_clients.py",
    "dlt.pipeline.state_sync.load_pipeline_state_from_destination": "destination/stored_states.py",
    "dlt.pipeline.trace.save_trace": "destination/failures.py",
    "dlt.sources.helpers.rest_client.paginators.BaseReferencePaginator": "core/dlt_door/objects.py",
    "dlt.sources.rest_api.config_setup.AUTH_MAP": "core/dlt_door/auths.py",
    "dlt.sources.rest_api.config_setup.PAGINATOR_MAP": "core/dlt_door/objects.py",
}
# Private attribute -> the class of dlt that has it, and the only module that uses it.
PRIVATE = {
    "__resolved_fields_set__": (
        "dlt.common.configuration.specs.BaseConfiguration",
        "core/dlt_door/auths.py",
    ),
    "_cached_state_start_value": (
        "dlt.extract.Incremental",
        "dlt_source/incremental/ordered_step.py",
    ),
    "_coerce_row": (
        "dlt.normalize.items_normalizers.JsonLItemsNormalizer",
        "dlt_source/rehearsal.py",
    ),
    "_execute_schema_update_sql": (
        "dlt.destinations.job_client_impl.SqlJobClientBase",
        "destination/dlt_clients.py",
    ),
    "_f": ("dlt.extract.items_transform.MapItem", "dlt_source/dlt_pipe.py"),
    "_get_destination_clients": ("dlt.Pipeline", "destination/dlt_clients.py"),
    "_get_load_storage": ("dlt.Pipeline", "syncing/load_packages.py"),
    "_get_normalize_storage": ("dlt.Pipeline", "syncing/load_packages.py"),
    "_last_trace": ("dlt.Pipeline", "destination/failures.py"),
    "_make_or_get_transformer": (
        "dlt.extract.Incremental",
        "dlt_source/incremental/ordered_step.py",
    ),
    "_next_reference": (
        "dlt.sources.helpers.rest_client.paginators.BaseReferencePaginator",
        "core/dlt_door/objects.py",
    ),
    "_normalizers_config": ("dlt.Schema", "destination/dlt_schema.py"),
    "_pipe": ("dlt.extract.DltResource", "dlt_source/dlt_pipe.py"),
    "_transformers": ("dlt.extract.Incremental", "dlt_source/incremental/ordered_step.py"),
}
# Attributes of other libraries' objects and of Python's.
OTHERS = {
    # The argument of a generic class, which dlt reads from its incrementals.
    "__orig_class__": "dlt_source/incremental/dlt_step.py",
    # A destination whose loads merge directly, in place of the one that the user has made.
    "__class__": "destination/direct_merges.py",
    # What tenacity has wrapped, with which dlt's sessions try again.
    "__wrapped__": "core/dlt_door/objects.py",
    # The answers that functions and paginators of the user's get.
    "_content": "http/as_requests.py",
    "_content_consumed": "http/as_requests.py",
    # Whether PyYAML has a parser in C.
    "__with_libyaml__": "config/files/quick_yaml.py",
    # A type of this project's own.
    "_text": "config/files/plain_scalars.py",
}


@cache
def used() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The names of dlt and the private attributes in the package, each with its modules."""
    names: dict[str, set[str]] = defaultdict(set)
    attributes: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name in names_of_dlt(tree):
            names[name].add(module)
        if not module.startswith("simulator/"):
            for attribute in private_attributes(tree):
                attributes[attribute].add(module)
    return names, attributes


def found(name: str) -> Any:
    """What stands under a whole name.

    Raises:
        AttributeError: nothing does.
    """
    parts = name.split(".")
    # A function may hide the module of its name: `dlt.pipeline` is both.
    for length in range(1, len(parts)):
        with suppress(ImportError, AttributeError):
            return reduce(getattr, parts[length:], import_module(".".join(parts[:length])))
    raise AttributeError(name)


def is_public(name: str) -> bool:
    module, _, last = name.rpartition(".")
    if name in DOCUMENTED or module.endswith(".exceptions"):
        return True
    return any(
        last in getattr(import_module(public), "__all__", ())
        and getattr(import_module(public), last, None) is found(name)
        for public in PUBLIC_MODULES
    )


def test_what_dlt_does_not_document_has_one_module() -> None:
    names, _ = used()
    internal = {name: sorted(names[name]) for name in names if not is_public(name)}
    assert internal == {name: [module] for name, module in INTERNAL.items()}


def test_each_private_attribute_has_one_module() -> None:
    _, attributes = used()
    known = {name: module for name, (_, module) in PRIVATE.items()} | OTHERS
    assert {name: sorted(attributes[name]) for name in attributes} == {
        name: [module] for name, module in known.items()
    }


def test_each_such_module_says_what_to_check_at_an_upgrade() -> None:
    modules = {*INTERNAL.values(), *(module for _, module in PRIVATE.values())}
    silent = [
        module
        for module in sorted(modules)
        if "upgrade" not in (PACKAGE / module).read_text(encoding="utf-8")
    ]
    assert silent == []


def test_what_is_documented_is_used() -> None:
    names, _ = used()
    assert names.keys() >= DOCUMENTED


def test_dlt_has_all_these_names() -> None:
    """The first thing to fail with a dlt that has renamed one."""
    names, _ = used()
    missing = []
    for name in sorted(names):
        try:
            found(name)
        except AttributeError:
            missing.append(name)
    for attribute, (owner, _) in PRIVATE.items():
        # Some are only set once there is an object.
        classes = found(owner).__mro__[:-1]
        if not any(attribute in vars(c) or attribute in getsource(c) for c in classes):
            missing.append(f"{owner}.{attribute}")
    assert missing == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from dlt.extract.pipe import Pipe", "dlt.extract.pipe.Pipe"),
        ("import dlt\ndlt.pipeline.trace.save_trace(1)", "dlt.pipeline.trace.save_trace"),
        ("def f():\n    import dlt.load.load", "dlt.load.load"),
        ("import dlt as d\nd.pipeline.trace.save_trace(1)", "dlt.pipeline.trace.save_trace"),
        ("import dlt.load as dl\ndl.load.Load()", "dlt.load.load.Load"),
        ("from dlt import sources as s\ns.rest_api.x.Y", "dlt.sources.rest_api.x.Y"),
        ("import dlt as d\ns = d.sources\ns.rest_api.x.Y", "dlt.sources.rest_api.x.Y"),
        ("import dlt as d\ngetattr(d.sources, 'rest_api')", "dlt.sources.rest_api"),
        ("from dlt import *", "dlt.*"),
        ("if load := imported('dlt.load.load'):\n    load.Load()", "dlt.load.load.Load"),
        ("imported('dlt.load.load').Load()", "dlt.load.load.Load"),
        ("load = imported('dlt.load.load')\nload.Load()", "dlt.load.load.Load"),
        ("_LOAD = 'dlt.load.load'\nfound_in(_LOAD, 'Load')", "dlt.load.load.Load"),
        ("is_instance_of(value, 'dlt.load.load', 'Load')", "dlt.load.load.Load"),
    ],
)
def test_a_name_is_seen_however_it_is_taken(text: str, name: str) -> None:
    assert name in set(names_of_dlt(ast.parse(text)))
    assert not is_public(name)


@pytest.mark.parametrize(
    "text",
    [
        "resource._pipe.parent",
        "pipeline()._pipe",
        "getattr(resource, '_pipe')",
        "_NAME = '_pipe'\ngetattr(resource, _NAME)",
        "_NAME: Final = '_' + 'pipe'\nhasattr(resource, _NAME)",
        "import builtins\nbuiltins.getattr(resource, '_pipe')",
        "operator.attrgetter('_pipe')",
        "from operator import attrgetter\nattrgetter('name', '_pipe.parent')",
        "operator.methodcaller('_pipe')",
        "inspect.getattr_static(resource, '_pipe')",
        "vars(resource)['_pipe']",
        "vars(resource).get('_pipe')",
        "resource.__dict__['_pipe']",
        "_NAME = '_pipe'\nresource.__dict__.pop(_NAME)",
    ],
)
def test_a_private_attribute_is_seen_however_it_is_taken(text: str) -> None:
    assert set(private_attributes(ast.parse(text))) == {"_pipe"}
