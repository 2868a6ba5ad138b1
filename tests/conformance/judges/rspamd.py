"""Scores messages with a running rspamd: the points of each .eml of each folder as JSON, and what for.

rspamd.py PORT LETTERS…
"""

import email.utils
import http.client
import json
import pathlib
import re
import sys

# The letters of the tests are of a day that may be long ago, which is the tests' affair.
TODAY = b"Date: " + email.utils.formatdate().encode() + b"\r\n"

port, *folders = sys.argv[1:]
scores = {}
for folder in folders:
    for path in sorted(pathlib.Path(folder).glob("*.eml")):
        message = re.sub(rb"(?m)^Date: .*?\r\n", TODAY, path.read_bytes(), count=1)
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
        connection.request("POST", "/checkv2", message)
        judged = json.load(connection.getresponse())
        connection.close()
        why = [f"{name}={symbol['score']:g}" for name, symbol in sorted(judged["symbols"].items()) if symbol["score"]]
        scores.setdefault(path.name, []).append({"score": judged["score"], "why": ",".join(why)})
json.dump(scores, sys.stdout)
