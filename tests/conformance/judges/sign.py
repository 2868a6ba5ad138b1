"""Signs messages as a provider does, and verifies them as a reader's does.

sign.py LETTERS: prints what went wrong as JSON, by the file's name.
"""

import base64
import json
import pathlib
import re
import subprocess
import sys

import dkim

KEY = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
PUBLIC = subprocess.run(
    ["openssl", "rsa", "-pubout", "-outform", "DER"], input=KEY, capture_output=True, check=True
).stdout
RECORD = b"v=DKIM1; k=rsa; p=" + base64.b64encode(PUBLIC)
HEADERS = [b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]


def verifies(message):
    return dkim.verify(message, dnsfunc=lambda name, timeout=5: RECORD)


wrong = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
    content = path.read_bytes()
    for form in (b"relaxed", b"simple"):
        try:
            signature = dkim.sign(
                content, b"test", b"home.example", KEY, canonicalize=(form, form), include_headers=HEADERS
            )
            signed = signature + content
            if not verifies(signed):
                wrong.setdefault(path.name, []).append(f"{form.decode()}: not verified")
            # A server that takes blanks off the ends of lines changes nothing that the relaxed form counts.
            if form == b"relaxed" and not verifies(re.sub(rb"[ \t]+\r\n", b"\r\n", signed)):
                wrong.setdefault(path.name, []).append("not verified without blanks at the ends of lines")
            if verifies(signed.replace(b"Date: ", b"Date:  1", 1)):
                wrong.setdefault(path.name, []).append("another date is verified too")
        except Exception as error:  # whatever it does not like is said
            wrong.setdefault(path.name, []).append(f"{form.decode()}: {type(error).__name__}: {error}")
json.dump(wrong, sys.stdout)
