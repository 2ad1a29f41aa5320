"""The recording in the documentation is what the command shows."""

from tests.stories.discovering.recording import PICTURE, picture, recorded


def test_the_picture_is_that_of_a_run() -> None:
    assert PICTURE.read_text() == picture(recorded()), (
        "the command shows something else now: python -m tests.stories.discovering.recording"
    )
