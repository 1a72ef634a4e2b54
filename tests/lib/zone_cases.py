"""zone_cases.py SEED COUNT PROGRAM... - ask PROGRAM (zone_test --cases) COUNT random questions about
local times in all zones of the tz database, and compare its answers with those of Python's
zoneinfo, which shares no line with common/zone.  The last line printed says how many there were.
"""

import collections
import datetime
import random
import subprocess
import sys
import zoneinfo

FOLDER = "/usr/share/zoneinfo"
EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
SECOND = datetime.timedelta(seconds=1)


def names():
    with open(FOLDER + "/tzdata.zi", encoding="ascii") as lines:
        words = [line.split() for line in lines]
    return sorted([w[1] for w in words if w[0] == "Z"] + [w[2] for w in words if w[0] == "L"])


def seconds(naive):
    return (naive - EPOCH) // SECOND


def shown(zone, t):
    """What the clocks of zone show at t, as a naive datetime."""
    return (EPOCH + t * SECOND).replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def first_that(wanted, low, high):
    """The first whole number above low, at most high, for which wanted() holds from there on."""
    while high - low > 1:
        middle = (low + high) // 2
        if wanted(middle):
            high = middle
        else:
            low = middle
    return high


def resolve(zone, local):
    """Seconds and rule.  PEP 495: the two folds of a time in a gap lie to either side of it."""
    early, late = (
        seconds(local) - local.replace(tzinfo=zone, fold=fold).utcoffset() // SECOND for fold in (0, 1)
    )
    if shown(zone, early) == local:
        return early, "exact" if early == late else "overlap"
    return first_that(lambda t: shown(zone, t) > local, late, early), "gap"


def change(zone, rng):
    """An instant at which the clocks of zone jump, in a year by chance; or just an instant."""
    year = rng.randint(1970, 2045) if rng.random() < 0.7 else rng.randint(1970, 9997)
    start = seconds(datetime.datetime(year, 1, 1))
    steps = [start + month * 2678400 for month in range(13)]
    offsets = [shown(zone, t) - (EPOCH + t * SECOND) for t in steps]
    jumps = [i for i in range(12) if offsets[i] != offsets[i + 1]]
    if not jumps:
        return start + rng.randrange(31536000)
    i = rng.choice(jumps)
    moved = lambda t: shown(zone, t) - (EPOCH + t * SECOND) != offsets[i]
    return first_that(moved, steps[i], steps[i + 1])


def moments(zone, rng):
    """Instants without end, half of them within a few hours of a change."""
    while True:
        at = change(zone, rng)
        for _ in range(8):
            yield at + rng.randint(-4, 4) * 1800 + rng.randrange(-60, 60)
            yield at + rng.randint(-100, 100)
            yield rng.randrange(86400, 253370764800)
            yield rng.randrange(86400, 4102444800)


def cases(seed, count):
    """Rows of question and answer, by zone."""
    rng = random.Random(seed)
    zones = names()
    left = count
    for i, name in enumerate(zones):
        zone = zoneinfo.ZoneInfo(name)
        rows = left // (len(zones) - i)
        left -= rows
        for t, kind in zip(moments(zone, rng), rng.choices("RDL", (6, 3, 1), k=rows)):
            yield case(name, zone, kind, t, rng)


def case(name, zone, kind, t, rng):
    here = shown(zone, t)
    if kind == "L":
        offset = here - (EPOCH + t * SECOND)
        abbreviation = (EPOCH + t * SECOND).replace(tzinfo=UTC).astimezone(zone).tzname()
        fields = (here.year, here.month, here.day, here.hour, here.minute, here.second)
        answer = "%d %d %d %d %d %d" % fields + " %d %s" % (offset // SECOND, abbreviation)
        return "L %s %d" % (name, t * 1000 + rng.randrange(1000)), answer
    if kind == "D":
        # a first moment some days before, so that the last day is the one near the change
        days = rng.randint(0, max(0, min(365, t // 86400 - 1)))
        first = t - days * 86400
        day = shown(zone, first).date() + datetime.timedelta(days=days)
        local = datetime.datetime(day.year, day.month, day.day, here.hour, here.minute)
        question = "D %s %d %d %d %d" % (name, first * 1000, days, local.hour, local.minute)
    else:
        local = here.replace(second=0) + rng.choice((-60, -30, -1, 0, 0, 1, 30, 60)) * MINUTE
        if local.year < 1970:
            local = datetime.datetime(1970, 1, 1)
        question = "R %s %d %d %d %d %d" % (
            name, local.year, local.month, local.day, local.hour, local.minute)
    at, rule = resolve(zone, local)
    return question, "%d %s" % (at * 1000, rule)


def main():
    seed, count, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    zoneinfo.reset_tzpath(to=[FOLDER])
    rows = list(cases(seed, count))
    questions = "".join(question + "\n" for question, _ in rows)
    run = subprocess.run(program, input=questions, stdout=subprocess.PIPE, text=True, check=True)
    answers = run.stdout.splitlines()
    wrong = [(*row, got) for row, got in zip(rows, answers) if row[1] != got]
    for question, want, got in wrong[:20]:
        print("%s: got %s, zoneinfo says %s" % (question, got, want))
    rules = collections.Counter(want.split()[-1] for _, want in rows)
    fit = len(answers) == len(rows) and min(rules["gap"], rules["overlap"]) >= count // 100
    found = ", ".join("%d %s" % (rules[rule], rule) for rule in ("exact", "gap", "overlap"))
    print("zone: %d answers to %d cases in %d zones (%s), %d wrong"
          % (len(answers), count, len(names()), found, len(wrong)))
    return bool(wrong) or not fit


sys.exit(main())
