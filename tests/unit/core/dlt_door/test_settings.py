"""Settings that are put before all others for a while, beside threads that look theirs up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import dlt

from headrace.core.dlt_door.settings import overridden


def retries() -> int | None:
    found: int | None = dlt.config.get("load.raise_on_max_retries", int)
    return found


def test_no_other_thread_gets_them() -> None:
    before = retries()
    with overridden({"load": {"raise_on_max_retries": 1}}), ThreadPoolExecutor(1) as beside:
        assert retries() == 1
        assert beside.submit(retries).result() == before
    assert retries() == before


def test_each_of_several_threads_has_its_own() -> None:
    before = list(dlt.config.config_providers)
    begun, looked = Barrier(4), Barrier(4)

    def look(number: int) -> int | None:
        with overridden({"load": {"raise_on_max_retries": number}}):
            begun.wait(10)
            found = retries()
            looked.wait(10)
        return found

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(look, range(4))) == [*range(4)]
    assert list(dlt.config.config_providers) == before


def test_who_goes_through_the_places_meanwhile_misses_none() -> None:
    there = dlt.config.config_providers
    seen = []
    with overridden({"load": {}}):
        going = iter(dlt.config.config_providers)
        seen.append(next(going))
    seen += going
    assert [each for each in seen if each in there] == list(there)
