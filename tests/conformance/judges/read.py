"""Reads messages with Python's `email`, strictly, and writes the same letters as that would write them.

read.py LETTERS COMPOSED: prints what is read of each .eml of the folder LETTERS as JSON, by the file's name, and puts a
message with the same names, texts and files into COMPOSED under the same name.
"""

import hashlib
import json
import pathlib
import sys
from email import message_from_bytes, message_from_string, policy
from email.errors import NonASCIILocalPartDefect
from email.headerregistry import Address
from email.message import EmailMessage

STRICT = policy.SMTPUTF8.clone(raise_on_defect=True)


def unflowed(text, delsp):
    """RFC 3676, section 4, of text that leaves quotations alone."""
    out, going_on, depth_before = [], False, 0
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        said = line[depth:]
        said = said[1:] if said.startswith(" ") else said
        soft = said.endswith(" ") and said != "-- "
        if soft and delsp:
            said = said[:-1]
        if going_on and depth == depth_before and said != "-- ":
            out[-1] += said
        else:
            out.append(">" * depth + (" " if depth and said else "") + said)
        going_on, depth_before = soft, depth
    return "\n".join(out)


def addresses(header):
    if header is None:
        return []
    return [f"{one.display_name} <{one.addr_spec}>" if one.display_name else one.addr_spec for one in header.addresses]


def read(message):
    for name in message.keys():
        for header in message.get_all(name):
            # An address that needs SMTPUTF8 it calls a defect, and reads it well.
            defects = [defect for defect in header.defects if not isinstance(defect, NonASCIILocalPartDefect)]
            assert not defects, (name, defects)
    parts = [part for part in message.walk() if not part.is_multipart()]
    reading = {
        "subject": message["subject"],
        "from": addresses(message["from"]),
        "reply_to": addresses(message["reply-to"]),
        "to": addresses(message["to"]),
        "cc": addresses(message["cc"]),
        "text": "",
        "html": None,
        "files": [],
    }
    for part in parts:
        assert not part.defects, part.defects
        if part.is_attachment():
            content = part.get_payload(decode=True)
            kind = part.get_content_type()
            reading["files"].append(
                {"name": part.get_filename(), "type": kind, "sha256": hashlib.sha256(content).hexdigest()}
            )
        elif part.get_content_type() == "text/html":
            reading["html"] = part.get_content().replace("\r\n", "\n")
        else:
            assert part.get_param("format") == "flowed"
            text = part.get_content().replace("\r\n", "\n")
            reading["text"] = unflowed(text, part.get_param("delsp") == "yes")
    return reading


def composed(message, reading):
    new = EmailMessage()
    for name in ("From", "Reply-To", "To", "Cc"):
        if message[name]:
            new[name] = [Address(one.display_name, one.username, one.domain) for one in message[name].addresses]
    new["Subject"] = reading["subject"]
    for name in ("Date", "Message-ID", "In-Reply-To", "References"):
        if message[name]:
            new[name] = str(message[name])
    new.set_content(reading["text"])
    if reading["html"] is not None:
        new.add_alternative(reading["html"], subtype="html")
    for part in message.walk():
        if part.is_attachment():
            new.add_attachment(
                part.get_payload(decode=True),
                maintype=part.get_content_maintype(),
                subtype=part.get_content_subtype(),
                filename=part.get_filename(),
            )
    utf8 = any(not one.addr_spec.isascii() for name in ("To", "Cc") if message[name] for one in message[name].addresses)
    return new.as_bytes(policy=policy.SMTPUTF8 if utf8 else policy.SMTP)


letters, into = map(pathlib.Path, sys.argv[1:])
readings = {}
for path in sorted(letters.glob("*.eml")):
    try:
        content = path.read_bytes()
        if content.isascii():
            parsed = message_from_bytes(content, policy=STRICT)
        else:
            parsed = message_from_string(content.decode(), policy=STRICT)
        readings[path.name] = read(parsed)
    except Exception as error:  # whatever it does not like is said
        readings[path.name] = {"error": f"{type(error).__name__}: {error}"}
        continue
    (into / path.name).write_bytes(composed(parsed, readings[path.name]))
json.dump(readings, sys.stdout)
