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

    Afterwards the generators are where they were.

    Args:
        what: what happens inside.
    """
    python, numpy, on_cpu = random.getstate(), np.random.get_state(), torch.default_generator.get_state()
    # One who seeds was perhaps here before: a second seeding would then leave no trace.
    random.random()
    np.random.random()
    torch.rand(())
    before = _states()
    try:
        yield
        after = _states()
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.default_generator.set_state(on_cpu)
    for name, state in after.items():
        claim(
            state == before[name],
            f"{what} must draw from the generator it is given and seed no other, and moved the global one of {name}",
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
