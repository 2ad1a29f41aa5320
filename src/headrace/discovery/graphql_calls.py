"""A listing that is asked for by a query in GraphQL: the query itself says how its pages go on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headrace.config import CursorPaginatorConfig
from headrace.config.built.graphql import ConnectionWithoutCursor, build_graphql
from headrace.config.format.graphql import GraphQLConfig
from headrace.discovery.later_pages import may_be_place
from headrace.discovery.paging_search import FoundPaging, PagingSearch
from headrace.discovery.proofs import MOST_PAGES, judged
from headrace.discovery.survey import Survey, listed
from headrace.discovery.trials import Trials, rows_of
from headrace.sansio.discovery.row_places import RowPlace
from headrace.sansio.discovery.sameness import sameness_of

# A place that is written into the query: `after: "abc"`, `page: 3`.
_IN_TEXT = re.compile(
    r"\b(after|before|cursor|offset|skip|page|start|from)\s*:\s*(?:\"[^\"]+\"|[1-9])"
)
_IN_VARIABLES = "variables."
_NO_PAGES = (
    "the query asks for no `pageInfo { endCursor hasNextPage }`: ask for it where the API has it, "
    "and send its cursor by a variable; else say `single_page`, if one answer has all rows"
)


async def survey_of_query(trials: Trials, endpoint: Mapping[str, Any]) -> Survey:
    """Asks for the first page of a query, twice.

    Args:
        trials: Asks.
        endpoint: What the call asks for, with `graphql`.

    Raises:
        HeadraceError: The API does not answer, or with errors.
        AskedEnough: No more may be asked.
    """
    begun, dropped = _from_the_first_page(endpoint)
    page = await trials.page(begun, "what the query answers with")
    place = RowPlace((), 0, None, "", 0)
    survey = Survey(trials, begun, place, page, rows_of(page.rows))
    trials.client.forget()
    again = await trials.page(begun, "whether it answers alike when it is asked again")
    survey.again = rows_of(again.rows)
    survey.same = sameness_of(survey.rows, survey.again)
    if dropped is not None:
        told = f"the variable `{dropped}` is left out, to begin at the first page"
        survey.note("graphql", "ruled out", told)
    return survey


async def paging_of_query(survey: Survey) -> FoundPaging:
    """Follows the pages of a query, as it asks for them.

    Args:
        survey: What is known of the listing; what is found is noted there.

    Raises:
        AskedEnough: No more may be asked.
    """
    endpoint = survey.endpoint
    paginator = _paginator(endpoint)
    if not isinstance(paginator, CursorPaginatorConfig | ConnectionWithoutCursor):
        survey.note("paginator", "unknown", _NO_PAGES)
        return PagingSearch(survey).unknown()
    given = _places_given(endpoint["graphql"], paginator)
    if given:
        told = f"{listed(given)} of the query may ask for a later page: begin at the first one"
        survey.note("paginator", "unknown", told)
        return PagingSearch(survey).unknown()
    why = "whether the `pageInfo` of the query leads on"
    walk = await survey.trials.walk({**endpoint, "total": None}, why, MOST_PAGES)
    fault, seen = judged(survey, walk, survey.rows)
    wrong = fault or walk.error or ("more may not be asked" if walk.is_cut_off else None)
    if wrong is not None:
        survey.note("paginator", "unknown", f"by the `pageInfo` of the query: {wrong}")
        return PagingSearch(survey).unknown()
    survey.note("graphql", "proven", f"its `pageInfo`: {seen}")
    return FoundPaging(endpoint, walk, is_proven=True)


def _from_the_first_page(endpoint: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The endpoint without the cursor of a later page, and the variable that had it."""
    paginator = _paginator(endpoint)
    path = getattr(paginator, "cursor_body_path", None) or ""
    graphql = endpoint["graphql"]
    variables = graphql.get("variables") or {}
    name = path.removeprefix(_IN_VARIABLES)
    if not path.startswith(_IN_VARIABLES) or variables.get(name) is None:
        return dict(endpoint), None
    kept = {key: value for key, value in variables.items() if key != name}
    return {**endpoint, "graphql": {**graphql, "variables": kept}}, name


def _places_given(graphql: Mapping[str, Any], paginator: Any) -> list[str]:
    """What of a query may say that it does not begin at the first page."""
    written = [match[1] for match in _IN_TEXT.finditer(graphql["query"])]
    if isinstance(paginator, CursorPaginatorConfig):
        return written
    variables = graphql.get("variables") or {}
    named = (name for name, value in variables.items() if value and may_be_place(name))
    return [*written, *named]


def _paginator(endpoint: Mapping[str, Any]) -> Any:
    """How pages go on, as the query asks for them."""
    return build_graphql(GraphQLConfig.model_validate(endpoint["graphql"]), None).paginator
