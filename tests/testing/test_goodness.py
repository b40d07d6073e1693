import math

import pytest
import torch
from torch import Tensor

from genlab.interfaces import DataSpec
from genlab.testing import CannotRun
from genlab.testing.density import Density
from genlab.testing.goodness import claim_frequencies, claim_score_identities, every_x

SPEC = DataSpec("levels", (1, 2), 10, levels=3)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def exact(log_prob: object) -> Density:
    return Density(lambda x: (log_prob(x).sum(1), x.new_zeros(len(x))), "a formula")  # type: ignore[operator]


def normal(x: Tensor) -> Tensor:
    return -0.5 * ((x - 3) / 2).square() - math.log(2 * math.sqrt(2 * math.pi))


def logistic(x: Tensor) -> Tensor:
    return -x - 2 * torch.nn.functional.softplus(-x)


def test_every_x_is_listed_once() -> None:
    states = every_x(SPEC, torch.zeros((), dtype=torch.float64))
    assert states is not None
    assert states.shape == (9, 1, 2)
    assert len(states.unique(dim=0)) == 9
    assert every_x(DataSpec("reals", (2,), 10), torch.zeros(())) is None


def test_too_many_x_are_not_counted() -> None:
    with pytest.raises(CannotRun, match="59049 possible x"):
        every_x(DataSpec("levels", (10,), 10, levels=3), torch.zeros(()))


def test_frequencies_pass_where_they_are_probabilities_and_fail_where_they_are_not() -> None:
    states = every_x(SPEC, torch.zeros((), dtype=torch.float64))
    assert states is not None
    prob = torch.arange(1.0, 10.0, dtype=torch.float64) / 45
    x = states[torch.multinomial(prob, 5000, replacement=True, generator=seeded())]
    zero = torch.zeros(9, dtype=torch.float64)
    claim_frequencies(x, states, prob.log(), zero, "a formula")
    with pytest.raises(AssertionError, match=r"x = \[\[2.0, 2.0\]\] must be drawn with probability 0.02222"):
        claim_frequencies(x, states, prob.flip(0).log(), zero, "a formula")
    claim_frequencies(x, states, prob.flip(0).log(), zero + 5, "a guess")  # so uncertain that nothing is known


def test_score_identities_hold_for_draws_of_the_density_alone() -> None:
    eps = torch.randn(8000, 2, generator=seeded(), dtype=torch.float64)
    uniform = torch.rand(8000, 2, generator=seeded(), dtype=torch.float64)
    claim_score_identities(3 + 2 * eps, exact(normal))
    claim_score_identities(torch.logit(uniform), exact(logistic))
    for wrong in (3 + 1.7 * eps, 3.3 + 2 * eps, 3 + 2 / math.sqrt(math.pi**2 / 3) * torch.logit(uniform)):
        with pytest.raises(AssertionError, match="on average"):
            claim_score_identities(wrong, exact(normal))


def test_dependent_coordinates_are_told_from_independent_ones() -> None:
    eps = torch.randn(8000, 2, generator=seeded(), dtype=torch.float64)
    correlated = torch.stack([eps[:, 0], 0.5 * eps[:, 0] + math.sqrt(0.75) * eps[:, 1]], 1)
    with pytest.raises(AssertionError, match=r"f\(x\) = x"):
        claim_score_identities(3 + 2 * correlated, exact(normal))
