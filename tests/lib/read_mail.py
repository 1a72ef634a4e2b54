"""read_mail - the messages of a folder as Python's own parser reads them, a line of JSON each.

   read_mail.py FOLDER ADDRESS     only those to ADDRESS

Nothing here knows how a message was written: headers are decoded, parts are decoded, and what the
parser found wrong is told in defects.
"""
import json
import sys
from email import policy
from email.parser import BytesParser
from pathlib import Path


def defects(part):
    found = [repr(defect) for defect in part.defects]
    for name, value in part.items():
        found += [f"{name}: {defect!r}" for defect in value.defects]
    for inner in part.iter_parts():
        found += defects(inner)
    return found


def read(path, raw):
    message = BytesParser(policy=policy.default).parsebytes(raw)
    parts = list(message.iter_parts())
    return {
        "file": path.name,
        "headers": [[name, str(value)] for name, value in message.items()],
        "types": [message.get_content_type()] + [part.get_content_type() for part in parts],
        "contents": [part.get_content() for part in parts],
        "defects": defects(message),
        "bare": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r"),
        "longest": max(len(line) for line in raw.split(b"\r\n")),
        "to": [address.addr_spec for address in message["To"].addresses],
    }


# The parser is thorough and slow, and most of a folder is to others: a header may be folded, not changed.
for each in sorted(Path(sys.argv[1]).glob("*.eml")):
    content = each.read_bytes()
    if sys.argv[2].encode() not in content.replace(b"\r\n ", b""):
        continue
    found = read(each, content)
    if sys.argv[2] in found["to"]:
        print(json.dumps(found))
