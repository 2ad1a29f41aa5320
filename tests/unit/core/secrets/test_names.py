"""Names that tell of a secret, in URLs, headers, configs and the environment."""

from __future__ import annotations

import pytest

from headrace.core.secrets.names import is_secret, is_sensitive, is_sensitive_setting


@pytest.mark.parametrize(
    "name",
    [
        *("key", "KEY", "api_key", "api-key", "apiKey", "APIKey", "apikey", "APIKEY", "X-Api-Key"),
        *("token", "access_token", "accessToken", "accesstoken", "X-Amz-Security-Token"),
        *("secret", "client_secret", "clientSecret", "password", "PassWord", "passwd", "pwd"),
        *("signature", "X-Amz-Signature", "sig", "auth", "Authorization", "auth[token]"),
        *("X-Amz-Credential", "hapikey", "jwt", "key1", "user.password", "dbpassword"),
        *("Cookie", "Set-Cookie", "client_id", "clientId", "private_key", "credentials", "bearer"),
    ],
)
def test_names_that_tell_of_a_secret(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "monkey",
            "keyword",
            "keywords",
            "author",
            "authors",
            "tokenize",
            "passenger",
            "secretary",
        ),
        *("limit", "cursor", "bypass", "design", "sign", "hockey", "turkey_id", "passage", "", "_"),
        *("primary_key", "primaryKey", "sort_key", "merge-key", "private", "client"),
    ],
)
def test_names_that_only_look_like_it_stay_visible(name: str) -> None:
    assert not is_sensitive(name)


def test_a_key_of_one_knows_not_what_may_be_a_secret_or_a_word() -> None:
    for name in ("project_key", "X-Shop-Key", "key1", "issueKey"):
        assert is_sensitive(name)
        assert is_secret(name) == (name == "key1")
    for name in ("key", "api_key", "accessKey", "aws_access_key_id", "token", "dbpassword"):
        assert is_secret(name)


@pytest.mark.parametrize("name", ["API_KEY", "SHOP_KEY", "SHOPKEY", "shop.token", "DB_PASSWORD"])
def test_settings_that_hold_a_secret(name: str) -> None:
    assert is_sensitive_setting(name)


@pytest.mark.parametrize(
    "name", ["PRIMARY_KEY", "PRIMARYKEY", "TOKEN_URL", "API_KEY_HEADER", "KEY_FILE", "STATE"]
)
def test_settings_that_say_where_or_how(name: str) -> None:
    assert not is_sensitive_setting(name)
