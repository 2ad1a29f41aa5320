"""A resource with what `resource_defaults` says where it says nothing itself, as dlt merges them.

Every resource is merged once: its keys as they were written, which the checks between keys read
and dlt gets its hints from, and, once the document is known to be valid, the same keys typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.config.format.document import ResourceDefaultsModel, SourceDocument
from headrace.config.format.endpoint import EndpointModel
from headrace.config.format.fields import FormatModel
from headrace.config.format.paginators import SinglePagePaginatorConfig
from headrace.config.format.placeholders import names_one_entity
from headrace.config.format.places import Path, value_at

Layer = tuple[Mapping[str, Any], FormatModel | None]
"""A mapping as written, and its model; the model is None where the document has no such mapping."""

_MERGED_DEEPLY = ("json", "params")
_SINGLE_PAGE = SinglePagePaginatorConfig(type="single_page")


@dataclass(frozen=True, kw_only=True)
class TypedKeys:
    """The keys of a merged resource, typed.

    Args:
        resource: Those beside `name` and `endpoint`.
        endpoint: Those of `endpoint`.
    """

    resource: ResourceDefaultsModel
    endpoint: EndpointModel


@dataclass(frozen=True, kw_only=True)
class MergedResource:
    """A resource of the document, merged with the defaults.

    Args:
        index: Its place in the list `resources`, from 0.
        name: Its name; the text `None` where the document gives none.
        keys: Its merged keys as written, with a mapping as `endpoint`. Empty for a resource
            made in Python, and for what is no resource at all.
        paginator_path: Where the paginator is written that it is listed with: in the resource,
            in the defaults, or in the client. None where it is written nowhere.
        paginator: That paginator as written. Where it is written nowhere: `single_page` if the
            path asks for one row, else None.
        typed: Its keys, typed; None where it has none, and while the document has faults.
    """

    index: int
    name: str
    keys: Mapping[str, Any]
    paginator_path: Path | None
    paginator: Any
    typed: TypedKeys | None

    @property
    def endpoint(self) -> Mapping[str, Any]:
        """The merged keys of `endpoint`, as written."""
        endpoint: Mapping[str, Any] = self.keys.get("endpoint") or {}
        return endpoint


def merged_resources(
    document: Mapping[str, Any], source: SourceDocument | None
) -> list[MergedResource]:
    """Merge each resource of a document with the defaults.

    Args:
        document: The config as written; it may be wrong in any way.
        source: The same document, typed; None where it is not valid.

    Returns:
        One for each item of `resources`, in order.
    """
    resources = document.get("resources")
    listed = list(resources) if isinstance(resources, (list, tuple)) else []
    return [_merged(document, source, index, written) for index, written in enumerate(listed)]


def merged_resource(
    resource: str | Mapping[str, Any], defaults: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Put a resource and the defaults together, as written.

    The resource's keys win. In `endpoint` they win key by key; of its values only `params` and
    `json` are merged key by key themselves. `columns` are merged hint by hint where both are
    plain mappings or lists. Every other value stays the same object.

    Args:
        resource: The resource as written, which may be wrong in any way; a text is its name,
            and its path.
        defaults: `resource_defaults` as written, which may be wrong in any way.

    Returns:
        A new mapping whose `endpoint` is a mapping with a `path`.
    """
    own, base = _as_written_out(resource), dict(defaults or {})
    columns = _merged_columns(own.get("columns"), base.get("columns"))
    merged = {**base, **own, "endpoint": _merged_endpoint(own, base)}
    if columns is not None:
        merged["columns"] = columns
    return merged


def columns_by_name(columns: Any) -> dict[str, dict[str, Any]]:
    """Columns as a mapping in which the hints of each column hold its name as well.

    Args:
        columns: Hints of columns: a mapping by the column's name, or a list of them.

    Returns:
        A new mapping by the column's name.
    """
    if isinstance(columns, dict):
        return {name: {**(hints or {}), "name": name} for name, hints in columns.items()}
    return {column["name"]: dict(column) for column in columns}


def _merged(
    document: Mapping[str, Any], source: SourceDocument | None, index: int, written: Any
) -> MergedResource:
    defaults = _as_dict(document.get("resource_defaults"))
    keys: dict[str, Any] = {}
    name, typed = str(getattr(written, "name", "")), None
    if isinstance(written, (str, dict)):
        keys = merged_resource(written, defaults)
        name = str(keys.get("name"))
        if source is not None:
            layers = (_as_written_out(written), defaults)
            typed = _typed_keys(source, index, layers, keys["endpoint"]["path"])
    path = _paginator_path(document, index)
    return MergedResource(
        index=index,
        name=name,
        keys=keys,
        paginator_path=path,
        paginator=value_at(document, path) if path else value_at(keys, ("endpoint", "paginator")),
        typed=typed,
    )


def _paginator_path(document: Mapping[str, Any], index: int) -> Path | None:
    """Where the first paginator is written: the resource's, the defaults', or the client's."""
    places: tuple[Path, ...] = (
        ("resources", index, "endpoint", "paginator"),
        ("resource_defaults", "endpoint", "paginator"),
        ("client", "paginator"),
    )
    return next((path for path in places if value_at(document, path) is not None), None)


# --- Keys as written ----------------------------------------------------------------------------


def _as_written_out(resource: str | Mapping[str, Any]) -> dict[str, Any]:
    return {"name": resource} if isinstance(resource, str) else dict(resource)


def _as_dict(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _endpoint_keys(keys: Mapping[str, Any]) -> dict[str, Any]:
    endpoint = keys.get("endpoint")
    return {"path": endpoint} if isinstance(endpoint, str) else _as_dict(endpoint)


def _merged_endpoint(own: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    own_keys, base_keys = _endpoint_keys(own), _endpoint_keys(base)
    if own_keys.get("path") is None:
        own_keys["path"] = own.get("name")
    merged = {**base_keys, **own_keys}
    for key in _MERGED_DEEPLY:
        both = _merged_mappings(base_keys.get(key), own_keys.get(key))
        if both is not None:
            merged[key] = both
    if isinstance(merged["path"], str) and names_one_entity(merged["path"]):
        _complete_single_entity(merged, "single_page")
    return merged


def _merged_mappings(base: Any, own: Any) -> dict[str, Any] | None:
    """The keys of both; None where neither is a mapping."""
    mappings = [each for each in (base, own) if isinstance(each, dict)]
    if not mappings:
        return None
    return {name: value for mapping in mappings for name, value in mapping.items()}


def _merged_columns(own: Any, base: Any) -> dict[str, Any] | None:
    """The columns of both; None where there is nothing to merge, or one of them is wrong."""
    if not (own and base and _are_columns(own) and _are_columns(base)):
        return None
    merged = columns_by_name(base)
    for name, column in columns_by_name(own).items():
        before = merged.get(name, {})
        if before and column.get("data_type") and not before.get("data_type"):
            # A column that gets its type here moves to the end, as in dlt's schemas.
            del merged[name]
        merged[name] = {**before, **column}
    return merged


def _are_columns(columns: Any) -> bool:
    if isinstance(columns, dict):
        return all(hints is None or isinstance(hints, dict) for hints in columns.values())
    is_list = isinstance(columns, list)
    return is_list and all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in columns
    )


def _complete_single_entity(endpoint: dict[str, Any], single_page: object) -> None:
    """Complete an endpoint whose path asks for one row: the answer is that row, and one page."""
    if endpoint.get("data_selector") is None:
        endpoint["data_selector"] = "$"
    if endpoint.get("paginator") is None:
        endpoint["paginator"] = single_page


# --- Typed keys ---------------------------------------------------------------------------------


def _typed_keys(
    source: SourceDocument, index: int, written: tuple[dict[str, Any], dict[str, Any]], path: str
) -> TypedKeys:
    own, base = written
    model = source.resources[index]
    own_model = model if isinstance(model, ResourceDefaultsModel) else None
    layers: list[Layer] = [(own, own_model), (base, source.resource_defaults)]
    resource = ResourceDefaultsModel.model_construct(
        **_merged_values(ResourceDefaultsModel, layers)
    )
    own_endpoint, base_endpoint = (
        _endpoint_model(own_model),
        _endpoint_model(source.resource_defaults),
    )
    layers = [(_endpoint_keys(own), own_endpoint), (_endpoint_keys(base), base_endpoint)]
    values = {**_merged_values(EndpointModel, layers), "path": path}
    for key, name in (("json", "json_body"), ("params", "params")):
        both = _merged_mappings(
            getattr(base_endpoint, name, None), getattr(own_endpoint, name, None)
        )
        if both is not None:
            values[key] = both
    if names_one_entity(path):
        _complete_single_entity(values, _SINGLE_PAGE)
    return TypedKeys(resource=resource, endpoint=EndpointModel.model_construct(**values))


def _endpoint_model(resource: ResourceDefaultsModel | None) -> EndpointModel | None:
    endpoint = None if resource is None else resource.endpoint
    if isinstance(endpoint, str):
        return EndpointModel.model_construct(path=endpoint)
    return endpoint if isinstance(endpoint, EndpointModel) else None


def _merged_values(model: type[FormatModel], layers: Sequence[Layer]) -> dict[str, Any]:
    """Of each key the typed value of the first layer in which the key is written."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        for written, typed in layers:
            if key in written and typed is not None:
                # A null that the model has read as absent is the default here, as it is there.
                values[key] = getattr(typed, name)
                break
    return values
