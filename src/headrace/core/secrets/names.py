"""Which names tell that their value is a secret."""

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
# Also in the plural, or at the end of a longer word, as in `dbpasswords`.
_ENDINGS = ("secret", "token", "password", "passwd", "credential", "signature", "cookie")
# Before `key` these words tell of a column or an order, and of no secret.
_OF_ROWS = frozenset(["primary", "merge", "sort", "order", "row", "root", "foreign", "partition"])
# `AUTH_URL` or `TOKEN_PARAM` say where or how a secret is sent.
_ABOUT_A_SECRET = re.compile(
    r"(url|uri|host|port|name|header|param|path|file|location|type|enabled|database|region)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether the value of a name is certainly a secret, to be masked wherever it turns up.

    Args:
        name: The name of a query parameter or a header, or a key of a config.

    Returns:
        True for `api_key`, `key`, `X-Auth-Token` and the like; False for `project_key`.
    """
    words = _words(name)
    return words == ["key"] or any(
        word in _WORDS or before + word in _WORDS or word.removesuffix("s").endswith(_ENDINGS)
        for before, word in pairwise(["", *words])
    )


@lru_cache(maxsize=1024)
def is_sensitive(name: str) -> bool:
    """Whether the value of a name may be a secret, so that it is better not shown.

    Args:
        name: The name of a query parameter or a header.

    Returns:
        True for all that is a secret, and for `project_key`, which may be one; False for
        `primary_key`.
    """
    return is_secret(name) or any(
        word == "key" and before not in _OF_ROWS for before, word in pairwise(["", *_words(name)])
    )


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def says_where_or_how(name: str) -> bool:
    """Whether a setting says where or how a secret is sent, and is no secret itself.

    Args:
        name: The name of the setting.

    Returns:
        True for `TOKEN_URL`, `host` and the like.
    """
    return bool(_ABOUT_A_SECRET.search(name))


def is_sensitive_setting(name: str) -> bool:
    """Whether a setting that a config names as `${NAME}` is probably a secret.

    Args:
        name: The name between the braces.

    Returns:
        True for `SHOP_KEY` and the like; False for `PRIMARY_KEY` and `API_KEY_HEADER`.
    """
    if says_where_or_how(name):
        return False
    # Words may run together, as in `SHOPKEY`.
    bare = re.sub(r"[_.\-]", "", name).lower()
    owner = bare.removesuffix("key")
    return is_sensitive(name) or (owner != bare and not owner.endswith(tuple(_OF_ROWS)))
