"""Whether rows came before."""

from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.discovery.sameness import Sameness, sameness_of

ROWS = [{"id": number, "name": f"n{number}"} for number in range(10)]
SAME = Sameness()


def test_a_field_that_changes_with_every_request_tells_nothing() -> None:
    rows = [{**row, "served": f"10:00:{row['id']}"} for row in ROWS]
    again = [{**row, "served": f"10:01:{row['id']}"} for row in ROWS]

    same = sameness_of(rows, again)

    assert same.left_out == {"served"}
    assert same.are_same(rows, again)


def test_ids_that_begin_anew_on_each_page_are_other_rows_all_the_same() -> None:
    second = [{"id": number, "name": f"m{number}"} for number in range(10)]

    assert SAME.are_new(second, SAME.marks(ROWS))


def test_one_row_that_has_changed_makes_no_other_page() -> None:
    changed = [{"id": 3, "name": "new"} if row["id"] == 3 else row for row in ROWS]

    assert SAME.are_same(ROWS, changed)
    assert not SAME.are_new(changed, SAME.marks(ROWS))


def test_a_page_that_has_moved_by_a_row_keeps_its_order() -> None:
    assert SAME.keeps_order(ROWS, [{"id": 10, "name": "n10"}, *ROWS[:-1]])
    assert not SAME.keeps_order(ROWS, ROWS[::-1])
    assert not SAME.keeps_order(ROWS, [{"id": number} for number in range(20, 30)])


def test_rows_of_the_same_content_keep_their_order() -> None:
    twins = [ROWS[0], ROWS[1], ROWS[0], ROWS[2], ROWS[1]]

    assert SAME.keeps_order(twins, twins)
    assert not SAME.keeps_order(twins, twins[::-1])


@given(st.integers(0, 10))
def test_a_longer_page_begins_with_a_shorter_one(size: int) -> None:
    assert SAME.begins_with(ROWS, ROWS[:size])
