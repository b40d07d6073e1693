"""Durations as people write them."""

from hypothesis import given
from hypothesis import strategies as st

from genlab import numbers
from genlab.cli.durations import parse_duration

COUNT = st.none() | st.integers(0, 10_000)


@given(days=COUNT, hours=COUNT, minutes=COUNT, seconds=COUNT)
def test_the_units_add_up(days, hours, minutes, seconds):
    given_units = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    text = "".join(f"{count}{unit}" for count, unit in given_units if count is not None)
    expected = (((days or 0) * 24 + (hours or 0)) * 60 + (minutes or 0)) * 60 + (seconds or 0)
    assert parse_duration(text) == (expected if text else None)


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_none(text):
    seconds = parse_duration(text)
    assert seconds is None or seconds >= 0


@given(st.integers(0, 10**6))
def test_a_written_duration_counts_its_seconds(seconds):
    parts = [int(part) for part in numbers.duration(seconds).split(":")]
    assert sum(part * 60**place for place, part in enumerate(reversed(parts))) == seconds
