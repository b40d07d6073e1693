import numpy as np
import pytest
import torch
from reference_recipes import EXACT, LINEAR_GAUSSIAN, reference_assembly
from scipy.stats import multivariate_normal

from genlab.assembly import Assembly
from genlab.interfaces import Batch
from genlab.parts.elbo.trace import Trace


def observations(assembly: Assembly, seed: int = 1) -> torch.Tensor:
    shape = (6, *assembly.model.event_shape)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_evidence_is_that_of_scipy() -> None:
    model = reference_assembly(LINEAR_GAUSSIAN).model
    x = observations(reference_assembly(LINEAR_GAUSSIAN))
    weight, bias = model.weight.detach().numpy(), model.bias.detach().numpy()
    expected = multivariate_normal(bias, weight @ weight.T + model.scale.item() ** 2 * np.eye(3)).logpdf(x)
    np.testing.assert_allclose(model.log_evidence(x).detach(), expected, rtol=1e-12)


def test_the_joint_is_evidence_times_exact_posterior() -> None:
    assembly = reference_assembly(EXACT)
    x = observations(assembly)
    posterior = assembly.family.posterior(x)
    z = posterior.sample(5, generator=torch.Generator().manual_seed(0))
    joint = sum(assembly.model.log_joint(x, z).values())
    torch.testing.assert_close(joint - posterior.log_prob(z)["entropy"], assembly.model.log_evidence(x).expand(5, 6))


@pytest.mark.parametrize("tables", [EXACT, LINEAR_GAUSSIAN])
def test_every_closed_term_is_the_mean_of_its_draws(tables: dict[str, object]) -> None:
    assembly = reference_assembly(tables)
    batch = Batch(observations(assembly), 6)
    generator = torch.Generator().manual_seed(0)
    closed = assembly.elbo.estimate(assembly.model, assembly.family, batch, generator=generator)
    drawn = Trace(samples=40_000).estimate(assembly.model, assembly.family, batch, generator=generator)
    for term in closed.terms:
        torch.testing.assert_close(drawn[term.name], term.value, atol=0.15, rtol=0)


def test_the_bound_of_the_exact_family_is_the_evidence_and_that_of_the_other_is_below() -> None:
    for tables, is_exact in ((EXACT, True), (LINEAR_GAUSSIAN, False)):
        assembly = reference_assembly(tables)
        batch = Batch(observations(assembly), 6)
        ledger = assembly.elbo.estimate(assembly.model, assembly.family, batch, generator=torch.Generator())
        gap = assembly.model.log_evidence(batch.x) - ledger.per_example()
        assert (gap.abs().max() < 1e-10) if is_exact else (gap.min() > 0.01)


def test_draws_have_the_marginal_mean_and_covariance() -> None:
    assembly = reference_assembly(LINEAR_GAUSSIAN)
    draws = assembly.sampler.draw(assembly.model, 40_000, generator=torch.Generator().manual_seed(0)).x
    weight = assembly.model.weight.detach()
    covariance = weight @ weight.T + assembly.model.scale**2 * torch.eye(3)
    torch.testing.assert_close(draws.mean(0), assembly.model.bias.detach(), atol=0.05, rtol=0)
    torch.testing.assert_close(torch.cov(draws.T), covariance, atol=0.1, rtol=0.03)
