"""Fetches every letter of a mailbox over IMAP.

imap.py PORT USER PASSWORD: prints the letters as JSON, each in base64.
"""

import base64
import imaplib
import json
import sys

port, user, password = sys.argv[1:]
server = imaplib.IMAP4("127.0.0.1", int(port), timeout=20)
server.login(user, password)
_, [number] = server.select("INBOX", readonly=True)
letters = []
if int(number):
    _, fetched = server.fetch("1:*", "(BODY.PEEK[])")
    letters = [item[1] for item in fetched if isinstance(item, tuple)]
server.logout()
json.dump([base64.b64encode(letter).decode() for letter in letters], sys.stdout)
