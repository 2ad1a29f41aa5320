"""Which names tell that what goes by them is a secret."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

# `apiKey`, `APIKey`, `api_key`, `X-Api-Key`: words end where the case or a separator says so.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_WORDS = frozenset(
    [
        *("apikey", "appkey", "authkey", "accesskey", "secretkey", "privatekey", "clientkey"),
        *("hapikey", "subscriptionkey", "signingkey", "encryptionkey", "accountkey"),
        *("apiid", "accessid", "clientid", "pass", "passphrase", "pwd", "sig", "jwt", "bearer"),
        *("auth", "oauth", "authorization", "authentication"),
    ]
)
# Also several, or behind something else in one word, as in `dbpasswords`.
_ENDINGS = ("secret", "token", "password", "passwd", "credential", "signature", "cookie")
# Before `key` they tell of a column, or of an order.
_OF_ROWS = frozenset(["primary", "merge", "sort", "order", "row", "root", "foreign", "partition"])
# `AUTH_URL` or `TOKEN_PARAM` say where or how a secret is sent.
_ABOUT_A_SECRET = re.compile(
    r"(url|uri|host|port|name|header|param|path|file|location|type|enabled|database|region)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether what goes by a name is a secret for sure, to be masked wherever it turns up.

    Args:
        name: of a query parameter, a header, or a key of a config.

    Returns:
        True for `api_key`, `key`, `X-Auth-Token` and the like, false for `project_key`.
    """
    words = _words(name)
    return words == ["key"] or any(
        word in _WORDS or before + word in _WORDS or word.removesuffix("s").endswith(_ENDINGS)
        for before, word in pairwise(["", *words])
    )


@lru_cache(maxsize=1024)
def is_sensitive(name: str) -> bool:
    """Whether what goes by a name may be a secret, and is better not shown beside it.

    Args:
        name: of a query parameter or a header.

    Returns:
        True for `project_key` as well, which may be one; false for `primary_key`.
    """
    return is_secret(name) or any(
        word == "key" and before not in _OF_ROWS for before, word in pairwise(["", *_words(name)])
    )


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def says_where_or_how(name: str) -> bool:
    """Whether a setting is about a secret or a service, and no secret itself.

    Args:
        name: of the setting.

    Returns:
        True for `TOKEN_URL`, `host` and the like.
    """
    return bool(_ABOUT_A_SECRET.search(name))


def is_sensitive_setting(name: str) -> bool:
    """Whether a setting that `${NAME}` stands for is probably a secret.

    Args:
        name: as it stands between the braces.

    Returns:
        True for `SHOP_KEY` and the like, false for `PRIMARY_KEY` and `API_KEY_HEADER`.
    """
    if says_where_or_how(name):
        return False
    # Words may run together, as in `SHOPKEY`.
    bare = re.sub(r"[_.\-]", "", name).lower()
    owner = bare.removesuffix("key")
    return is_sensitive(name) or (owner != bare and not owner.endswith(tuple(_OF_ROWS)))
