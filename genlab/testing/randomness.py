"""Whether something draws from the generator it is given, and from nothing else."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from genlab.testing.claims import claim


@contextmanager
def global_generators_untouched(what: str) -> Iterator[None]:
    """Raise if what happens inside draws from a global generator of Python, numpy or torch, or seeds one.

    Args:
        what: what happens inside.
    """
    before = _states()
    yield
    for name, state in _states().items():
        claim(
            state == before[name],
            f"{what} must draw from the generator it is given, and moved the global one of {name}",
        )


def scramble_global_generators(seed: int) -> None:
    """Put torch's global generator somewhere else; the runner of checks puts it back."""
    torch.default_generator.manual_seed(seed)


def _states() -> dict[str, bytes]:
    states = {
        "Python": repr(random.getstate()).encode(),
        "numpy": _numpy_state(),
        "torch": torch.default_generator.get_state().numpy().tobytes(),
    }
    if torch.cuda.is_available():
        states["torch on CUDA"] = torch.cuda.get_rng_state().numpy().tobytes()
    return states


def _numpy_state() -> bytes:
    state = np.random.get_state(legacy=False)
    assert isinstance(state, dict)
    numbers = state["state"]
    return repr((numbers["pos"], numbers["key"].tolist(), state["has_gauss"], state["gauss"])).encode()
