"""What Celery's own crontab makes of expressions, as JSON on standard output. Needs python3-celery (Debian).

    python3 test/property/celery/crontab.py > test/property/celery/crontab.json

Firings are found by crontab.remaining_estimate, which is what beat asks; field sets are what crontab parsed.
"""
import datetime
import hashlib
import json
import random

import celery
from celery.schedules import crontab

FIRINGS = 1000
START = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.timezone.utc)
FACILITY = [
    "3 3,16 * * *", "27 */8 * * *", "*/30 * * * *", "*/30 * * * *", "10 */8 * * *",
    "*/15 * * * *", "*/27 * * * *", "0 0 * * 1", "0 2 * * *", "42 * * * *", "20 * * * *",
]
OTHERS = ["0 0 13 * 5", "*/7 1-5/2 */3 * *", "59 23 31 12 *", "15,45 22-2 * 2-4 0,6", "0 0 29 2 *"]
LIMITS = [("minute", 0, 59), ("hour", 0, 23), ("day_of_month", 1, 31), ("month_of_year", 1, 12), ("day_of_week", 0, 6)]
REFUSED = ["60", "-1", "x", "1,,2", "*/", "/5", "*/0", ""]


def schedule_of(expression):
    minute, hour, day_of_month, month_of_year, day_of_week = expression.split()
    return crontab(minute, hour, day_of_week, day_of_month, month_of_year)


def firings(expression):
    schedule, last, found = schedule_of(expression), START, []
    while len(found) < FIRINGS:
        schedule.nowfun = lambda now=last: now
        following = (last + schedule.remaining_estimate(last)).replace(microsecond=0)
        last = following if following > last else last + datetime.timedelta(minutes=1)
        found.append(int(last.timestamp()))
    return found


def field(low, high):
    kind, number = random.random(), lambda: random.randint(low, high)
    if kind < 0.15:
        return "*"
    if kind < 0.4:
        return "*/%d" % random.randint(1, high)
    if kind < 0.6:
        return str(number())
    if kind < 0.8:
        return "%d-%d" % (number(), number())
    if kind < 0.9:
        return "%d-%d/%d" % (number(), number(), random.randint(1, min(high, 9)))
    return "%d,%d-%d,%d" % (number(), number(), number(), number())


def refuses(name, text):
    try:
        crontab(**{name: text})
    except Exception:
        return True
    return False


def answer():
    random.seed(20261123)
    lists = {expression: firings(expression) for expression in FACILITY + OTHERS}
    fields = {name: {} for name, _, _ in LIMITS}
    for name, low, high in LIMITS:
        for _ in range(200):
            text = field(low, high)
            fields[name][text] = sorted(getattr(crontab(**{name: text}), name))
    for text in ("sun-tue", "fri-mon", "mon", "SUN", "sunday,tue"):
        fields["day_of_week"][text] = sorted(crontab(day_of_week=text).day_of_week)
    return {
        "celery": celery.__version__,
        "start": int(START.timestamp()),
        "count": FIRINGS,
        "firings": {
            expression: {
                "sha256": hashlib.sha256(",".join(map(str, found)).encode()).hexdigest(),
                "first": found[:3],
                "last": found[-1],
            }
            for expression, found in lists.items()
        },
        "fields": fields,
        "refused": {name: [text for text in REFUSED if refuses(name, text)] for name, _, _ in LIMITS},
    }


print(json.dumps(answer(), indent=1, sort_keys=True))
