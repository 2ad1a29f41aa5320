"""What the rows of a listing show: their key, their order, their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.secrets.shipping import stays_here
from headrace.discovery.paging_search import FoundPaging
from headrace.discovery.survey import Survey
from headrace.discovery.trials import Row
from headrace.sansio.discovery.evidence import Evidence, Verdict
from headrace.sansio.discovery.keys import KeyFinding, find_key

RESOURCE = "resources[0]"


@stays_here
class ResourceFacts:
    """Completes a resource by what its rows show.

    Args:
        survey: What is known of the listing; what is found is noted there.
        paging: How it goes on.
        name: The name of the resource.
    """

    def __init__(self, survey: Survey, paging: FoundPaging, name: str) -> None:
        self._survey = survey
        self._paging = paging
        self._name = name
        walk = paging.walk
        self._pages: Sequence[Sequence[Row]] = walk.pages if walk else (survey.rows,)

    async def resource(self) -> dict[str, Any]:
        """The resource, whole."""
        key = find_key(self._pages, self._survey.again, self._name)
        resource: dict[str, Any] = {"name": self._name}
        resource |= self._of_key(key)
        endpoint = await self._confirmed(self._paging.endpoint, key)
        resource["endpoint"] = _in_order(endpoint)
        return resource

    def _of_key(self, key: KeyFinding) -> dict[str, Any]:
        for field, why in key.ruled_out:
            self._note("primary_key", "ruled out", f"`{field}`: {why}")
        if key.fields is None:
            self._note("primary_key", "unknown", f"{key.evidence}: which fields tell rows apart?")
            self._note("write_disposition", "proven", "without a key the table is written anew")
            return {"write_disposition": "replace"}
        self._note("primary_key", "proven", key.evidence)
        self._note("write_disposition", "proven", "new and changed rows by their key")
        fields = list(key.fields)
        return {
            "primary_key": fields[0] if len(fields) == 1 else fields,
            "write_disposition": "merge",
        }

    async def _confirmed(self, endpoint: Mapping[str, Any], key: KeyFinding) -> Mapping[str, Any]:
        """The endpoint, once it was read as the config has it: of answers that came before."""
        walk = self._paging.walk
        if not self._paging.is_proven or walk is None:
            return endpoint
        hints = {"primary_key": list(key.fields)} if key.fields else {}
        why = "whether the config as a whole reads the listing"
        read = await self._survey.trials.walk(endpoint, why, max(1, len(walk.pages)), **hints)
        if read.error is None:
            return endpoint
        self._survey.note("paginator", "unknown", read.error)
        return {**endpoint, "paginator": "unknown"}

    def _note(self, key: str, verdict: Verdict, text: str, value: Any = None) -> None:
        self._survey.evidence.append(Evidence(f"{RESOURCE}.{key}", verdict, text, value))


def _in_order(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of an endpoint in the order in which one reads them."""
    order = ("path", "method", "params", "headers", "json", "data_selector", "rows", "paginator")
    known = {key: endpoint[key] for key in order if key in endpoint}
    return {**known, **{key: value for key, value in endpoint.items() if key not in known}}
