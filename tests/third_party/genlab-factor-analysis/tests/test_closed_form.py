import pytest
import torch
from building import Build
from genlab.interfaces import Batch
from torch import Tensor

from genlab_factor_analysis.closed_form import ClosedForm
from genlab_factor_analysis.exact_gaussian import ExactGaussian
from genlab_factor_analysis.family import LinearGaussianFamily
from genlab_factor_analysis.mean_field_gaussian import MeanFieldGaussian

pytestmark = pytest.mark.usefixtures("float64")


def test_with_the_exact_posterior_the_bound_is_the_evidence(
    build: Build, x: Tensor, generator: torch.Generator
) -> None:
    model = build()
    ledger = ClosedForm().estimate(model, ExactGaussian(model), Batch(x, 10), generator=generator)
    assert torch.allclose(ledger.per_example(), model.log_evidence(x), rtol=1e-12)
    assert all(term.exact for term in ledger.terms)


def test_the_gap_of_the_mean_field_is_its_divergence_from_the_posterior(
    build: Build, x: Tensor, generator: torch.Generator
) -> None:
    model = build()
    precision = model.posterior_precision()
    gap = 0.5 * (precision.diagonal().log().sum() - torch.linalg.slogdet(precision).logabsdet)
    ledger = ClosedForm().estimate(model, MeanFieldGaussian(model), Batch(x, 10), generator=generator)
    assert gap.item() > 0.01
    assert torch.allclose(ledger.per_example(), model.log_evidence(x) - gap, rtol=1e-12)


@pytest.mark.parametrize("family", [ExactGaussian, MeanFieldGaussian])
def test_each_term_is_the_mean_over_draws(
    build: Build, x: Tensor, family: type[LinearGaussianFamily], generator: torch.Generator
) -> None:
    model = build()
    q = family(model)
    ledger = ClosedForm().estimate(model, q, Batch(x, 10), generator=generator)
    posterior = q.posterior(x)
    z = posterior.sample(50_000, generator=generator)
    factors = model.log_joint(x, z)
    draws = {"likelihood": factors["likelihood"], "kl": factors["prior"] - posterior.log_prob(z)["entropy"]}
    for name, values in draws.items():
        error = values.std(0) / 50_000**0.5
        assert ((values.mean(0) - ledger[name]).abs() < 5 * error).all()


def test_the_gradient_is_that_of_the_evidence(build: Build, x: Tensor, generator: torch.Generator) -> None:
    model = build()
    parameters = list(model.parameters())
    bound = ClosedForm().estimate(model, ExactGaussian(model), Batch(x, 10), generator=generator).elbo(10)
    ours = torch.autograd.grad(bound, parameters)
    exact = torch.autograd.grad(model.log_evidence(x).sum(), parameters)
    for one, other in zip(ours, exact, strict=True):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-10)
