"""The speed of a run, and how long it will still take."""

import pytest

from genlab.cli.pace import WINDOW_SECONDS, Pace


def test_one_look_tells_no_speed():
    pace = Pace()
    pace.look(10, now=0.0)
    assert pace.steps_per_second is None
    assert pace.seconds_left(100) is None


def test_a_run_that_stands_still_has_no_speed():
    pace = Pace()
    for now in (0.0, 5.0):
        pace.look(10, now=now)
    assert pace.seconds_left(100) is None


def test_a_resumed_run_is_not_credited_with_its_earlier_steps():
    pace = Pace()
    pace.look(1000, now=100.0)
    pace.look(1010, now=110.0)
    assert pace.steps_per_second == pytest.approx(1.0)


def test_what_was_longer_ago_than_the_window_is_forgotten():
    pace = Pace()
    for second in range(int(3 * WINDOW_SECONDS)):
        pace.look(second if second < WINDOW_SECONDS else int(WINDOW_SECONDS) + 10 * second, now=float(second))
    assert pace.steps_per_second == pytest.approx(10.0)
