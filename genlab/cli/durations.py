"""Durations as people write them: `600`, `90s`, `10m`, `1h30m`."""

import re

import click

_PATTERN = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d+)?)s?)?")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse_duration(text: str) -> float | None:
    """Return the seconds a duration stands for; None where it is none.

    >>> parse_duration("1h30m"), parse_duration("90s"), parse_duration("600"), parse_duration("soon")
    (5400.0, 90.0, 600.0, None)
    """
    match = _PATTERN.fullmatch(text.strip().lower())
    if match is None or not any(match.groupdict().values()):
        return None
    return sum(float(value) * _SECONDS[unit] for unit, value in match.groupdict().items() if value)


def read_duration(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Turn an option's text into seconds; a callback of click.

    Raises:
        click.BadParameter: where it is no duration, or none at all.
    """
    if value is None:
        return None
    seconds = parse_duration(value)
    if not seconds:
        raise click.BadParameter(f"must be a duration such as 90s, 10m, 1h30m or 600, got '{value}'.")
    return seconds
