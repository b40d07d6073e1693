import math

import numpy as np
import pytest
import torch
from reference_recipes import DIFFUSION, FINITE_DIFFUSION, reference_assembly
from scipy.stats import norm

from genlab.interfaces import Batch
from genlab.parts.elbo.trace import Trace
from genlab.testing.reference.diffusion.model import Diffusion

CHAINS = pytest.mark.parametrize("tables", [DIFFUSION, FINITE_DIFFUSION], ids=["normal", "finite"])


def rows() -> torch.Tensor:
    return torch.randn(5, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def marginal_of_the_linear_chain(model: Diffusion) -> tuple[float, float]:
    """Return mean and variance of x_0: a linear map and noise, T times."""
    m, c = model.denoiser.mean.item(), model.denoiser.log_var.exp().item()
    alpha, alpha_bar = (1 - model.chain.beta).numpy(), np.cumprod((1 - model.chain.beta).numpy())
    mean, var = 0.0, 1.0
    for t in range(len(alpha) - 1, -1, -1):
        before = alpha_bar[t - 1] if t else 1.0
        k = math.sqrt(alpha_bar[t]) * c / (alpha_bar[t] * c + 1 - alpha_bar[t])
        a = math.sqrt(before) * (1 - alpha[t]) / (1 - alpha_bar[t])
        b = math.sqrt(alpha[t]) * (1 - before) / (1 - alpha_bar[t])
        mean = (a * k + b) * mean + a * (m - k * math.sqrt(alpha_bar[t]) * m)
        var = (a * k + b) ** 2 * var + 1 - alpha[t]
    return mean, var


def test_with_the_linear_denoiser_the_evidence_is_the_normal_one() -> None:
    model = reference_assembly(DIFFUSION).model
    assert isinstance(model, Diffusion)
    mean, var = marginal_of_the_linear_chain(model)
    expected = norm(mean, math.sqrt(var)).logpdf(rows().numpy()).sum(1)
    np.testing.assert_allclose(model.log_evidence(rows()).detach(), expected, rtol=1e-10)


def test_the_finite_denoiser_is_the_mean_of_the_points_given_x_t() -> None:
    model = reference_assembly(FINITE_DIFFUSION).model
    assert isinstance(model, Diffusion)
    points = model.denoiser.points.detach().numpy()
    alpha_bar = model.chain.alpha_bar.numpy()[2]
    weights = norm(math.sqrt(alpha_bar) * points, math.sqrt(1 - alpha_bar)).pdf(rows().numpy()[..., None])
    expected = (weights * points).sum(-1) / weights.sum(-1)
    np.testing.assert_allclose(model.denoiser(rows(), 3).detach(), expected, rtol=1e-12)


@CHAINS
def test_importance_weights_average_to_the_evidence(tables: dict[str, object]) -> None:
    assembly = reference_assembly(tables)
    posterior = assembly.family.posterior(rows())
    z = posterior.sample(40_000, generator=torch.Generator().manual_seed(0))
    log_weights = sum(assembly.model.log_joint(rows(), z).values()) - posterior.log_prob(z)["forward_entropy"]
    estimate = torch.logsumexp(log_weights, 0) - math.log(len(z))
    torch.testing.assert_close(estimate, assembly.model.log_evidence(rows()), atol=0.05, rtol=0)


@CHAINS
def test_step_by_step_agrees_with_the_trace_and_stays_below_the_evidence(tables: dict[str, object]) -> None:
    assembly = reference_assembly(tables)
    batch = Batch(rows().repeat(4_000, 1), 20_000)
    ledgers = [
        estimator.estimate(assembly.model, assembly.family, batch, generator=torch.Generator().manual_seed(0))
        for estimator in (assembly.elbo, Trace())
    ]
    means = [ledger.per_example().reshape(4_000, 5).mean(0) for ledger in ledgers]
    torch.testing.assert_close(means[0], means[1], atol=0.1, rtol=0)
    assert (means[0] < assembly.model.log_evidence(rows())).all()


@CHAINS
def test_draws_follow_the_evidence(tables: dict[str, object]) -> None:
    assembly = reference_assembly(tables)
    draws = assembly.sampler.draw(assembly.model, 20_000, generator=torch.Generator().manual_seed(0), trajectory=True)
    assert draws.trajectory is not None
    assert draws.trajectory.shape == (5, 20_000, 2)
    grid = torch.linspace(-6, 6, 241, dtype=torch.float64)
    density = assembly.model.log_evidence(torch.stack([grid, grid], 1)).exp().sqrt().detach()  # of one coordinate
    below = torch.cumulative_trapezoid(density, grid)
    found = (draws.x.reshape(-1, 1) <= grid[1:]).double().mean(0)
    assert (found - below).abs().max() < 0.012
