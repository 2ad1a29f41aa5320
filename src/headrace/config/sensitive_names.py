"""Which names tell that what goes by them is a secret."""

from __future__ import annotations

import re

_WORDS = (
    r"secret|token|passw|pwd|credential|auth(?!ors?(?![a-z]))|cookie|signature|private|bearer"
    r"|(api|access|client|signing|encryption)[_\-. ]?(key|id)$"
)
_KEY = re.compile(rf"{_WORDS}|^key$", re.IGNORECASE)
_SETTING = re.compile(rf"{_WORDS}|(?<!primary)(?<!merge)(?<!sort)key$", re.IGNORECASE)
# `AUTH_URL` or `TOKEN_PARAM` say where or how a secret is sent.
_ABOUT_A_SECRET = re.compile(
    r"(url|uri|host|port|name|header|param|path|file|location|type|enabled)$", re.IGNORECASE
)


def is_sensitive_key(name: str) -> bool:
    """Whether what stands under a key of a config is probably a secret.

    Args:
        name: the key.

    Returns:
        True for `api_key`, `password` and the like.
    """
    return bool(_KEY.search(name))


def is_sensitive_setting(name: str) -> bool:
    """Whether a setting that `${NAME}` stands for is probably a secret.

    Args:
        name: as it stands between the braces.

    Returns:
        True for `SHOP_KEY` and the like, false for `PRIMARY_KEY` and `API_KEY_HEADER`.
    """
    bare = re.sub(r"[_.\-]", "", name)
    return bool(_SETTING.search(name) and _SETTING.search(bare)) and not _ABOUT_A_SECRET.search(
        name
    )
