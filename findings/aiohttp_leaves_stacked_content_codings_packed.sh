#!/bin/sh
# aiohttp 3.14.5: a body with a content coding that it does not know by that very word stays packed.
#
# Guessed: a coding that cannot be undone is an error, and `x-gzip` is gzip, as RFC 9110 (8.4.1.3) says.
# Found: only the exact words `gzip`, `deflate` and so on are undone. `x-gzip`, and codings in each other,
# come packed, with the status 200 and no warning; urllib3 undoes them:
#
#   gzip: aiohttp b'[1]', urllib3 b'[1]'
#   x-gzip: aiohttp packed, urllib3 b'[1]'
#   gzip, gzip: aiohttp packed, urllib3 b'[1]'
#   deflate, gzip: aiohttp packed, urllib3 b'[1]'
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'aiohttp==3.14.5' 'urllib3==2.8.0'
cat >"$folder/ask.py" <<'PROGRAM'
import asyncio
import gzip
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import aiohttp
import urllib3

UNDONE = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}


class Packed(BaseHTTPRequestHandler):
    def do_GET(self):
        codings, body = unquote(self.path[1:]), b"[1]"
        for coding in codings.split(", "):
            body = UNDONE[coding](body)
        self.send_response(200)
        self.send_header("Content-Encoding", codings)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *about):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Packed)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"


async def by_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.read()


for codings in ("gzip", "x-gzip", "gzip, gzip", "deflate, gzip"):
    url = f"{base}/{codings.replace(' ', '%20')}"
    mine, theirs = asyncio.run(by_aiohttp(url)), urllib3.request("GET", url).data
    shown = [body if body == b"[1]" else "packed" for body in (mine, theirs)]
    print(f"{codings}: aiohttp {shown[0]}, urllib3 {shown[1]}")
PROGRAM
"$folder/venv/bin/python" "$folder/ask.py" | tee "$folder/seen"
cat >"$folder/expected" <<'SEEN'
gzip: aiohttp b'[1]', urllib3 b'[1]'
x-gzip: aiohttp packed, urllib3 b'[1]'
gzip, gzip: aiohttp packed, urllib3 b'[1]'
deflate, gzip: aiohttp packed, urllib3 b'[1]'
SEEN
diff "$folder/expected" "$folder/seen"
