"""Durations and times of day for people."""

from datetime import datetime, timedelta

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


def duration(seconds: float) -> str:
    """A duration as one says it: `45 s`, `12 min`, `1 h 40 min`, `3 d 4 h`."""
    if seconds < 1.5 * MINUTE_S:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / MINUTE_S)
    if minutes < MINUTE_S:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, MINUTE_S)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def ready_at(seconds: float, now: datetime | None = None) -> str:
    """The local time in so many seconds, with the day when it is not today."""
    now = now or datetime.now().astimezone()
    then = now + timedelta(seconds=seconds)
    return then.strftime("%H:%M" if then.date() == now.date() else "%a %d %b %H:%M")
