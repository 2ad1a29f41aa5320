"""Cuts answers that are XML, each as the JSON that stands for it.

An element becomes an object, or the text in it; what is there several times becomes a list. An
attribute is a field with an `@` before its name, a text beside elements or attributes is `#text`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.parsers import expat

import msgspec
import xmltodict
from jsonpath_ng import JSONPath

from headrace.core.exceptions import IncompletePage, PageError
from headrace.core.json_path import JsonPath, compiled
from headrace.sansio.decoding.settings import XmlDecoder
from headrace.sansio.paging.envelope import Keys, path_of, plain_name
from headrace.sansio.rows import PageSlicer, SlicedPage
from headrace.sansio.rows.charsets import as_utf8
from headrace.sansio.rows.empty_pages import (
    is_error,
    is_name_of_error,
    is_nothing_but_error,
    is_page_without_rows,
)
from headrace.sansio.rows.page_faults import beginning

_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_HTML = re.compile(rb"\s*<(?:!doctype html|html)", re.IGNORECASE)
_ENDS_TOO_EARLY = ("no element found", "unclosed token", "unclosed CDATA section")
_TEXT = "#text"
_OF_NAMESPACES = ("@xmlns", "@xsi:")
_SOAP_HEADER = "Header"
_DEEPEST = 8
_NAMES_OF_ROWS = frozenset(["entry", "item", "record", "row"])
_PLURALS = ("s", "es", "list", "collection")


class _UnreadEntityError(ValueError):
    """A document names an entity that it declares itself, or that is declared outside of it."""


class _Parsers:
    """Makes the parsers of xmltodict: expat's, but no entity is left out without a word."""

    @staticmethod
    def ParserCreate(encoding: str | None, separator: str | None) -> Any:  # noqa: N802
        parser = expat.ParserCreate(encoding, separator)

        def refuse(name: str, is_parameter: bool) -> None:
            raise _UnreadEntityError(f"names the entity `&{name};`, which XML does not know")

        parser.SkippedEntityHandler = refuse
        return parser


def _without_layout(_path: Any, name: str, value: Any) -> Any:
    """Leaves out the blanks and line ends between elements; blanks in a text are part of it."""
    if isinstance(value, str) and not value.strip():
        return None if name == _TEXT else (name, None if not name.startswith("@") else value)
    return name, value


class XmlSlicer:
    """Finds the rows of a listing whose answers are XML.

    Args:
        selector: The JSONPath to the rows, from the name of the root element on; with None the
            element that is there several times is looked for in the first page.
        settings: How the API writes XML.
        paths: Gives the paths that will be looked up in the next `SlicedPage.document`.
        clean: Hides secrets in what an error shows of a page.
    """

    def __init__(
        self,
        selector: str | JSONPath | JsonPath | None,
        settings: XmlDecoder,
        paths: Callable[[], tuple[JsonPath, ...]] = tuple,
        clean: Callable[[str], str] = str,
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._clean = clean
        path = None if selector is None else compiled(selector)
        self._is_guessed = False
        self._is_root = path is not None and path.steps == ()
        self._is_pattern = path is not None and path.steps is None
        self._lists = path.lists if path is not None else frozenset()
        self._steps = path.steps or () if path is not None else ()
        self._around: frozenset[str] | None = None
        self._slicer: PageSlicer | None = None
        if path is not None and not self._is_root:
            self._slicer = PageSlicer(path, paths, clean)

    @property
    def guess(self) -> str | None:
        """Where the rows are taken to be, as a sentence; None where the config says it."""
        if not self._is_guessed:
            return None
        way = ".".join(self._steps)
        return (
            f"the rows are taken to be at `{way}`; write `data_selector: {way}` into `endpoint` to "
            "be sure of it"
        )

    @property
    def rows_at(self) -> tuple[str, ...]:
        """The names of the elements that lead to the rows, as far as they are known."""
        return self._slicer.rows_at if self._slicer else ()

    def slice(self, body: bytes, content_type: str = "application/xml") -> SlicedPage:
        """Cuts one page.

        Args:
            body: The body of the answer, decompressed.
            content_type: The value of its `Content-Type` header, which may name a charset.

        Raises:
            IncompletePage: The body ends in the middle of the XML.
            PageError: The body is not XML, or has no rows where they should be.
        """
        document = self._document(body, content_type)
        self._refuse_faults(document, body)
        if self._is_root:
            self._take_root(document, body)
        if self._slicer is None:
            self._find_rows(document, body)
            if self._slicer is None:
                return SlicedPage([], document, document)
        self._refuse_errors(document, body)
        try:
            page = msgspec.json.encode(document)
        except RecursionError:
            raise PageError("the answer nests elements too deeply to be read") from None
        # A large one takes several times the memory of its JSON.
        del document
        return self._slicer.slice(page)

    def _document(self, body: bytes, content_type: str) -> dict[str, Any]:
        declared = _DECLARED.match(body)
        encoding = self._settings.encoding or (declared[1].decode() if declared else None)
        page = as_utf8(body, content_type, encoding)
        shown = beginning(page, self._clean)
        if not page.strip():
            raise IncompletePage("the answer is empty where XML was due")
        if not page.lstrip().startswith(b"<"):
            raise PageError(f"the answer is not XML: {shown}")
        if _HTML.match(page):
            raise PageError(
                f"the answer is HTML where XML was due: {shown}\nIs `client.base_url` the API's, "
                "and not that of its web pages?"
            )
        try:
            document: dict[str, Any] = xmltodict.parse(
                page.lstrip(),
                encoding="utf-8",
                expat=_Parsers,
                strip_whitespace=False,
                postprocessor=_without_layout,
                force_list=self._list_check(),
            )
        except expat.ExpatError as error:
            kind = IncompletePage if str(error).startswith(_ENDS_TOO_EARLY) else PageError
            raise kind(f"the answer is not XML ({error}): {shown}") from None
        except _UnreadEntityError as error:
            raise PageError(f"the answer {error}: {shown}") from None
        except ValueError:
            raise PageError(
                "the answer declares entities of its own (`<!ENTITY`), which are not read, as they "
                f"may be made to fill the memory: {shown}"
            ) from None
        return document

    def _list_check(self) -> Any:
        """Says of an element whether it is a list even where there is one of it.

        So it is where the config says so, and where a path goes into a list of such elements.
        """
        names = self._settings.lists
        places = self._lists.union(*(path.lists for path in self._paths()))
        if not names and not places:
            return None

        # What is above comes as a list of pairs; the stubs of xmltodict know of one pair only.
        def is_list(above: Sequence[tuple[str, Any]], name: str, value: Any) -> bool:
            return name in names or (*(each for each, _ in above), name) in places

        return is_list

    def _take_root(self, document: Mapping[str, Any], body: bytes) -> None:
        """Takes what is in the root element for the one row, as that of `$`."""
        ((root, content),) = document.items()
        if is_error(document) or is_nothing_but_error(content):
            raise PageError(
                f"the answer is an error in the guise of a success: {beginning(body, self._clean)}"
            )
        if self.rows_at != (root,):
            self._slicer = PageSlicer(path_of((root,)), self._paths, self._clean)

    def _find_rows(self, document: Mapping[str, Any], body: bytes) -> None:
        """Looks for the element that is there several times, or for the only one with content."""
        ((root, content),) = document.items()
        steps = _way_to_rows(document) or _way_to_one(document)
        if any(is_name_of_error(_local(step)) for step in steps):
            raise self._error_instead(body, ".".join(steps))
        if steps:
            self._steps, self._is_guessed = steps, True
            self._slicer = PageSlicer(path_of(steps), self._paths, self._clean)
            return
        is_empty = content is None or self._is_empty(content, ("",))
        if is_error(document) or not is_empty:
            raise PageError(
                "no element is there several times, so it is not known which ones are the rows: "
                "say so by `endpoint.data_selector`, for example `"
                f"{root}.item`, or see whether this is an error: {beginning(body, self._clean)}"
            )

    def _refuse_faults(self, document: Mapping[str, Any], body: bytes) -> None:
        """Refuses an answer of nothing but an error, as a SOAP fault, which the rows are not in."""
        rows_at = () if self._is_guessed else self._steps
        way: Keys = ()
        content: Any = document
        while isinstance(content, Mapping) and not self._is_pattern:
            inner = [name for name in content if name[0] != "@" and _local(name) != _SOAP_HEADER]
            if len(inner) != 1:
                return
            way, content = (*way, inner[0]), content[inner[0]]
            if content and is_name_of_error(_local(inner[0])) and way != rows_at[: len(way)]:
                raise self._error_instead(body, ".".join(way))

    def _error_instead(self, body: bytes, way: str) -> PageError:
        return PageError(
            "the answer is an error in the guise of a success: "
            f"{beginning(body, self._clean)}\nIf these are the rows, say so by "
            f"`endpoint.data_selector`, as `{self._clean(way)}`."
        )

    def _refuse_errors(self, document: Mapping[str, Any], body: bytes) -> None:
        """Refuses an answer that has no rows below its root element, and is no empty page."""
        inner: Any = document
        for depth, step in enumerate(self._steps):
            if not isinstance(inner, Mapping):
                return
            if depth == 1 and step in inner:
                self._around = frozenset(inner)
            if step not in inner and depth and not self._is_empty(inner, self._steps[depth:]):
                raise PageError(
                    f"the answer has no `{step}` in `{'.'.join(self._steps[:depth])}`, and is no "
                    f"empty page: {beginning(body, self._clean)}\nCheck `endpoint.data_selector`, "
                    "or whether this is an error in the guise of a success."
                )
            inner = inner.get(step)

    def _is_empty(self, content: Any, rows_at: tuple[str, ...]) -> bool:
        """Whether the content of an element is that of a page without rows."""
        if isinstance(content, Mapping):
            if is_error({_local(name): value for name, value in content.items()}):
                return False
            content = {
                name: value
                for name, value in content.items()
                if not name.startswith(_OF_NAMESPACES)
            }
        return is_page_without_rows(content, rows_at, known=self._around, references=())


def _way_to_rows(document: Mapping[str, Any]) -> Keys:
    """The names that lead to what is there several times, or goes by the name of a row.

    An outer element goes before an inner one; a row by its name before a list of anything.
    """
    waiting: list[tuple[Keys, Mapping[str, Any]]] = [((), document)]
    for way, content in waiting:
        inner = {name: each for name, each in content.items() if isinstance(each, list | dict)}
        named = [name for name in inner if _is_name_of_row(name, way)]
        lists = [name for name, each in inner.items() if isinstance(each, list)]
        if way and (named or lists):
            return (*way, (named or lists)[0])
        if len(way) < _DEEPEST:
            waiting += [((*way, name), each) for name, each in inner.items() if type(each) is dict]
    return ()


def _is_name_of_row(name: str, way: Keys) -> bool:
    """Whether an element is a row by its name, as `item`, or as `order` within `orders`."""
    own = plain_name(_local(name))
    return own in _NAMES_OF_ROWS or (
        bool(way) and plain_name(_local(way[-1])) in {own + end for end in _PLURALS}
    )


def _local(name: str) -> str:
    """The name of an element without the prefix of its namespace."""
    return name.rpartition(":")[2]


def _way_to_one(document: Mapping[str, Any]) -> Keys:
    """The names that lead to the one element that can be a row, where all is there once."""
    ((root, content),) = document.items()
    way: Keys = (root,)
    while isinstance(content, Mapping) and len(way) < _DEEPEST:
        inner = [name for name, each in content.items() if isinstance(each, Mapping)]
        if len(inner) != 1:
            return ()
        way, content = (*way, inner[0]), content[inner[0]]
        if any(not isinstance(each, Mapping) for name, each in content.items() if name[0] != "@"):
            return way
    return ()
