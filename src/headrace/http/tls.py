"""TLS by a certificate of one's own, or by an authority that nobody else knows."""

from __future__ import annotations

import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here

_KEY = "client.tls"
_VERSIONS: Mapping[str, ssl.TLSVersion] = MappingProxyType(
    {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
)
_LONGEST_PASSWORD = 1024


@stays_here
@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What `client.tls` says.

    Args:
        cert: The file of the client's certificate, and of those between it and the authority.
        key: The file of its private key; None where that is in the same file.
        key_password: The password of the key; None where it has none.
        ca: The file, or the folder, of the authorities that sign servers' certificates; None for
            those that the system trusts.
        min_version: The oldest version of TLS that is spoken, `1.2` or `1.3`; None for that of
            Python.
    """

    cert: str | None = None
    key: str | None = None
    key_password: str | None = field(default=None, repr=False)
    ca: str | None = None
    min_version: str | None = None


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Reads the files.

    Args:
        files: Where they are; `~` is the home folder, and what is relative is relative to the
            working directory.

    Raises:
        ConfigError: One of them is not there, or is not what it should be.
    """
    context = _trusting(files.ca)
    if files.min_version is not None:
        context.minimum_version = _VERSIONS[files.min_version]
    if files.cert is not None:
        _load_certificate(context, files.cert, files.key, files.key_password)
    return context


def _trusting(ca: str | None) -> ssl.SSLContext:
    if ca is None:
        return ssl.create_default_context()
    path = _existing("ca", ca)
    # Of a folder OpenSSL itself looks at files that are named by a hash alone.
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    context: ssl.SSLContext | None = None
    problem = "holds no certificate in PEM form, as `-----BEGIN CERTIFICATE-----`"
    for file in files:
        try:
            if context is None:
                context = ssl.create_default_context(cafile=str(file))
            else:
                context.load_verify_locations(cafile=str(file))
        except ssl.SSLError:
            continue
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
            break
    else:
        if context is not None:
            return context
    raise _fault("ca", f"{path} {problem}")


def _load_certificate(
    context: ssl.SSLContext, cert: str, key: str | None, password: str | None
) -> None:
    cert_path = _existing("cert", cert)
    key_path = None if key is None else _existing("key", key)
    place, asked_for = "cert" if key_path is None else "key", []

    def give_password() -> str:
        # Without this function OpenSSL would ask whoever sits at the terminal.
        asked_for.append(True)
        return (password or "")[:_LONGEST_PASSWORD]

    try:
        context.load_cert_chain(cert_path, key_path, give_password)
    except ssl.SSLError as error:
        reason = error.reason or ""
        if asked_for:
            what = "is another" if password else "is missing"
            problem = _fault("key_password", f"the key is encrypted, and its password {what}")
        elif "KEY_VALUES_MISMATCH" in reason:
            problem = _fault(place, "the private key is not that of the certificate in `cert`")
        else:
            problem = _fault(
                place,
                f"{key_path or cert_path} is no pair with `cert`: a certificate and its private "
                "key are wanted in PEM form, in one file or in two"
                if key_path
                else f"{cert_path} must hold the certificate and its private key in PEM form; "
                "name the file of the key in `client.tls.key` where that is another",
            )
    except OSError as error:
        problem = _fault(place, f"{key_path or cert_path} cannot be read: {error.strerror}")
    else:
        return
    raise problem


def _existing(key: str, written: str) -> Path:
    path = Path(written).expanduser()
    if not path.exists():
        raise _fault(key, f"there is no file {path.absolute()}")
    return path


def _fault(key: str, message: str) -> ConfigError:
    return ConfigError([Fault(f"{_KEY}.{key}", message)])


class TlsAdapter(HTTPAdapter):
    """Has `requests` make its connections by a context, whatever else a session says of TLS.

    Args:
        context: The context.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """The place of a request, and the context; see `requests`."""
        place, _ = super().build_connection_pool_key_attributes(request, verify, None)
        return place, {"ssl_context": self._context, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: the context knows whom to trust; see `requests`."""


def with_tls(session: requests.Session, context: ssl.SSLContext) -> requests.Session:
    """A session as another, which shares its cookies, but speaks TLS by a context.

    Args:
        session: The session; it stays as it is.
        context: The context.
    """
    made = object.__new__(type(session))
    made.__dict__.update(session.__dict__)
    made.adapters = OrderedDict(session.adapters)
    made.mount("https://", TlsAdapter(context))
    return made
