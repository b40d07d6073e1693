"""Random examples inside a check, the same ones every time, by hypothesis.

    @examples(batch_size=batch_sizes, seed=seeds)
    def holds(batch_size, seed):
        ...

    holds()

The smallest example that fails is added to the failure. Nothing is written to disk.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)
"""Seeds of generators."""
batch_sizes = st.integers(1, 5)
"""B."""
num_samples = st.integers(1, 3)
"""S."""


def examples(
    num: int = 10, **strategies: st.SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Run a function on examples drawn for its arguments, as a decorator.

    Args:
        num: how many examples.
        strategies: what each argument is drawn from.
    """

    def decorate(function: Callable[..., None]) -> Callable[[], None]:
        quiet = settings(
            max_examples=num,
            deadline=None,
            database=None,
            derandomize=True,
            report_multiple_bugs=False,
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        run: Callable[[], None] = quiet(given(**strategies)(function))
        return run

    return decorate
