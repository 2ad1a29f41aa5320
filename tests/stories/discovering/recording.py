"""Records a terminal: `python -m tests.stories.discovering.recording` writes the picture anew.

All that stands in the picture was printed by the command, or written by it, in a real run.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.stories.discovering.orders import KEY, orders_api
from tests.support.project import ROOT
from tests.support.servers import JsonServer

PICTURE = ROOT / "docs" / "init.svg"
_WIDTH = 104
_ADDRESS = "https://shop.example.com"
_COMMAND = f"headrace init {_ADDRESS}/api/v1/orders --api-key 'X-API-Key=${{API_KEY}}'"
# Fonts from elsewhere: whoever looks at the picture has one.
_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def recorded() -> str:
    """What the terminal shows: the command, what it says, and the file that it writes."""
    with JsonServer() as server, tempfile.TemporaryDirectory() as folder:
        server.handler = orders_api(cursor_param="next")
        url = f"{server.base_url}/api/v1/orders"
        ran = subprocess.run(
            [sys.executable, "-m", "headrace", "init", url, "--api-key", "X-API-Key=${API_KEY}"],
            cwd=folder,
            env={**os.environ, "API_KEY": KEY, "COLUMNS": str(_WIDTH), "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        written = Path(folder, "headrace.yml").read_text()
        shown = f"$ {_COMMAND}\n{ran.stdout}\n$ cat headrace.yml\n{written}"
        return shown.replace(server.base_url, _ADDRESS)


def picture(text: str) -> str:
    """What a terminal shows, as an SVG.

    Args:
        text: The lines.
    """
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    for line in text.rstrip().splitlines():
        console.print(_coloured(line))
    svg = console.export_svg(title="headrace init", theme=MONOKAI, unique_id="headrace-init")
    return _FONTS.sub("", svg)


def _coloured(line: str) -> Text:
    text = Text(line)
    if line.startswith("$ "):
        text.stylize("bold green")
    else:
        text.highlight_regex(r"(^|\s)#.*$", "#9c9c8c")
    return text


if __name__ == "__main__":
    PICTURE.write_text(picture(recorded()))
