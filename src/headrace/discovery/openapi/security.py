"""Who asks, as the security schemes of a document tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any
from urllib.parse import urljoin

from headrace.config.format.fields import is_header_name
from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.literals import setting
from headrace.discovery.openapi.names import setting_name
from headrace.discovery.openapi.references import References, UnusablePart
from headrace.discovery.openapi.scalars import text_of, texts_of
from headrace.http.url import origin

_PLACES = ("header", "query", "cookie")
_TOKEN = setting("API_TOKEN")


@dataclass(frozen=True, slots=True)
class ToldAuth:
    """Who asks.

    Args:
        auth: What `auth` says; None where nobody has to say who they are.
        why: What in the document speaks for it, or what to find out, as half a line.
        headers: Headers that are wanted besides.
        is_known: Whether `auth` is all that is wanted.
    """

    auth: Mapping[str, Any] | None
    why: str
    headers: Mapping[str, str] = field(default_factory=dict)
    is_known: bool = True


class Security:
    """Reads the security schemes of a document.

    Args:
        document: The document.
        references: Follows its references.
    """

    def __init__(self, document: Mapping[str, Any], references: References) -> None:
        components = document.get("components")
        named = components.get("securitySchemes") if isinstance(components, Mapping) else None
        named = document.get("securityDefinitions") if named is None else named
        self._named: Mapping[str, Any] = named if isinstance(named, Mapping) else {}
        self._references = references
        usual = document.get("security")
        self.usual: Sequence[Any] = usual if isinstance(usual, list) else []

    def auth_of(self, security: Sequence[Any] | None, base_url: str) -> ToldAuth:
        """Who has to ask.

        Args:
            security: What an operation wants: one of these, each with all its schemes; None for
                what the document wants of all.
            base_url: Where the API is: URLs of tokens may be relative.
        """
        wanted = self.usual if security is None else security
        requirements = [each for each in wanted if isinstance(each, Mapping) and each]
        if not requirements:
            return ToldAuth(None, "the document wants nobody to say who they are")
        told = [self._of_all(each, base_url) for each in requirements]
        return next((each for each in told if each.is_known), told[0])

    def _of_all(self, requirement: Mapping[str, Any], base_url: str) -> ToldAuth:
        """What all schemes of a requirement want together."""
        auth: ToldAuth | None = None
        headers: dict[str, str] = {}
        for name, scopes in requirement.items():
            told = self._of_scheme(str(name), texts_of(scopes), base_url)
            if not told.is_known:
                return told
            if auth is None:
                auth = told
            elif told.auth is not None and told.auth.get("location") == "header":
                headers[str(told.auth["name"])] = setting(setting_name(told.auth["name"]))
            else:
                why = f"the document wants `{'` and `'.join(map(str, requirement))}` together"
                return ToldAuth(auth.auth, why, headers, is_known=False)
        assert auth is not None
        return ToldAuth(auth.auth, auth.why, headers)

    def _of_scheme(self, name: str, scopes: Sequence[str], base_url: str) -> ToldAuth:
        try:
            scheme = self._references.followed(self._named.get(name))
        except UnusablePart:
            scheme = None
        if not isinstance(scheme, Mapping):
            why = f"the document names the security scheme `{name}`, and does not describe it"
            return ToldAuth(None, why, is_known=False)
        kind = text_of(scheme.get("type")).lower()
        why = f"the security scheme `{name}`"
        if kind == "apikey" and _is_usable(scheme):
            auth = {
                "type": "api_key",
                "name": scheme["name"],
                "api_key": setting("API_KEY"),
                "location": scheme["in"],
            }
            return ToldAuth(auth, why)
        if kind in ("http", "basic"):
            return _of_http(text_of(scheme.get("scheme", kind)).lower(), why)
        if kind == "oauth2":
            return _of_oauth(scheme, scopes, why, base_url)
        if kind == "openidconnect":
            return ToldAuth({"type": "bearer", "token": _TOKEN}, f"{why}: a token of OpenID")
        told = f"{why} is of a kind that `auth` does not have: {kind}"
        return ToldAuth(None, told, is_known=False)


def _of_oauth(
    scheme: Mapping[str, Any], scopes: Sequence[str], why: str, base_url: str
) -> ToldAuth:
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, Mapping) else None
    if flow is None and scheme.get("flow") == "application":
        flow = scheme
    url = flow.get("tokenUrl") if isinstance(flow, Mapping) else None
    whole = _whole(url, base_url) if isinstance(url, str) else None
    if whole is None:
        told = f"{why}: a token of OAuth 2.0, which a user's consent has brought"
        return ToldAuth({"type": "bearer", "token": _TOKEN}, told)
    auth: dict[str, Any] = {
        "type": "oauth2_client_credentials",
        "access_token_url": whole,
        "client_id": setting("CLIENT_ID"),
        "client_secret": setting("CLIENT_SECRET"),
    }
    if scopes:
        auth["access_token_request_data"] = {"scope": " ".join(scopes)}
    return ToldAuth(auth, why)


def _whole(url: str, base_url: str) -> str | None:
    """A URL of the document as a whole one; None where it can be none."""
    try:
        whole = urljoin(f"{base_url}/", url)
        origin(whole)
    except ValueError:
        return None
    return whole if whole.startswith(("https://", "http://")) else None


def _is_usable(scheme: Mapping[str, Any]) -> bool:
    """Whether a key has a place, and a name that may be there."""
    name, place = scheme.get("name"), scheme.get("in")
    is_named = isinstance(name, str) and bool(name)
    return place in _PLACES and is_named and (place == "query" or is_header_name(str(name)))


def _of_http(scheme: str, why: str) -> ToldAuth:
    if scheme == "bearer":
        return ToldAuth({"type": "bearer", "token": _TOKEN}, why)
    if scheme in ("basic", "digest"):
        login = {"username": setting("API_USER"), "password": setting("API_PASSWORD")}
        return ToldAuth({"type": f"http_{scheme}", **login}, why)
    # What stands in the header is its own: `Token abc` say.
    auth = {
        "type": "api_key",
        "name": "Authorization",
        "api_key": setting("API_KEY"),
        "location": "header",
    }
    return ToldAuth(auth, f"{why}: the whole value of the header, with `{scheme}` in front")


def token_url_elsewhere(config: Mapping[str, Any]) -> str | None:
    """The URL of tokens that is on another origin than the API, of which the document alone tells.

    Args:
        config: A config, with its auths.

    Returns:
        None where there is none.
    """
    auths = [config["client"].get("auth")]
    auths += [each["endpoint"].get("auth") for each in config["resources"]]
    base = origin(config["client"]["base_url"])
    for auth in auths:
        url = auth.get("access_token_url") if isinstance(auth, Mapping) else None
        if isinstance(url, str) and origin(url) != base:
            return url
    return None
