"""read_feed - a feed as parsers that know nothing of its writer read it, from standard input as JSON.

   read_feed.py atom     XML by expat
   read_feed.py ics      iCalendar by Debian's python3-icalendar, and how its lines are folded
"""
import json
import sys
import xml.etree.ElementTree as tree

NS = "{http://www.w3.org/2005/Atom}"


def atom_element(element):
    """An element's texts, attributes of those without one, by name; what may stand often is a list."""
    found = {"link": [], "category": [], "entry": []}
    for child in element:
        name = child.tag.removeprefix(NS)
        if name == "entry":
            value = atom_element(child)
        elif len(child) > 0:
            value = {inner.tag.removeprefix(NS): inner.text for inner in child}
        else:
            value = child.attrib or child.text or ""
        if name in ("link", "category", "entry"):
            found[name].append(value)
        elif name in found:
            raise ValueError(f"two {name}")
        else:
            found[name] = value
    return found


def atom(raw):
    root = tree.fromstring(raw)
    if root.tag != f"{NS}feed":
        raise ValueError(root.tag)
    return atom_element(root)


def value_of(value):
    if isinstance(value, list):
        return [value_of(each) for each in value]
    if hasattr(value, "cats"):
        return [str(each) for each in value.cats]
    if hasattr(value, "dt"):
        return str(value.dt)
    return value if isinstance(value, int) else str(value)


def component(part):
    return {
        "name": part.name,
        "errors": [f"{name}: {why}" for name, why in part.errors],
        "properties": {name: value_of(value) for name, value in part.items()},
        "parts": [component(inner) for inner in part.subcomponents],
    }


def ics(raw):
    from icalendar import Calendar

    lines = raw.split(b"\r\n")
    for line in lines:
        line.decode("utf-8")  # a cut inside a character is no text
    return {
        "longest": max(len(line) for line in lines),
        "bare": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r"),
        "ends": lines[-1] == b"",
        "calendar": component(Calendar.from_ical(raw)),
    }


json.dump({"atom": atom, "ics": ics}[sys.argv[1]](sys.stdin.buffer.read()), sys.stdout)
