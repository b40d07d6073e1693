"""Numbers for people."""

import math

from hypothesis import given
from hypothesis import strategies as st

from genlab import numbers

FINITE = st.floats(-1e300, 1e300)


@given(FINITE, st.none() | st.floats(0, 1e300))
def test_every_number_can_be_read_back_to_its_written_digits(number, se):
    written = float(numbers.value(number, se).replace(",", ""))
    assert math.isclose(written, number, rel_tol=1e-4, abs_tol=max(10 * (se or 0), 1e-300))


def test_what_is_not_finite_is_written_as_such():
    assert numbers.value(math.nan) == "nan"
    assert numbers.value(-math.inf, 0.1) == "-inf"
    assert numbers.significant(math.inf) == "inf"
