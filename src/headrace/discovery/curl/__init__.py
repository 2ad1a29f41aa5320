"""A pasted curl command, as browsers, Postman and documentation give it, becomes a call."""

from headrace.discovery.curl.command import CurlNotes as CurlNotes
from headrace.discovery.curl.command import call_of_curl as call_of_curl
from headrace.discovery.curl.words import is_whole as is_whole
