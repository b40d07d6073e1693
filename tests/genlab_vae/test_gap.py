"""Bound and gap make up the evidence, by integrals over a plane of z, for each family with each prior."""

import pytest
import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.coupling import Coupling
from genlab_vae.family import DiagonalGaussian
from genlab_vae.full_gaussian import FullGaussian
from genlab_vae.gaussian_mixture import GaussianMixture
from genlab_vae.importance_weighted import ImportanceWeighted
from genlab_vae.inverse_autoregressive import InverseAutoregressive
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE
from genlab_vae.normalizing_flow import NormalizingFlow
from genlab_vae.prior import Prior
from genlab_vae.reparameterized import Reparameterized
from genlab_vae.standard_normal import StandardNormal
from genlab_vae.vamp import Vamp
from genlab_vae.weight_gradient import WeightGradient
from genlab_vae.weight_gradients import DoublyReparameterized, StickingTheLanding
from genlab_vae.weight_gradients import Reparameterized as Plain
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from genlab.interfaces import Batch, DataSpec, Part, VariationalFamily
from genlab.testing.integration import grid_around

SPEC = DataSpec("toy", (4,), 10, levels=2)
X = torch.tensor([[0.0, 1.0, 1.0, 0.0]]).double()
PRIORS = {
    "standard-normal": Part(StandardNormal),
    "mixture": Part(GaussianMixture, {"components": 3}),
    "vamp": Part(Vamp, {"components": 3}),
}
FAMILIES = ("diagonal", "full", "inverse-autoregressive", "coupling")


def build(family: str, prior: str, seed: int) -> tuple[VAE, VariationalFamily]:
    """Return a VAE of two latents and a family, with parameters far from where they begin."""
    part: Part[Prior] = PRIORS[prior]
    torch.manual_seed(seed)
    decoder, encoder = Part(MLPDecoder, {"hidden": (5,)}), Part(MLPEncoder, {"hidden": (5,)})
    model = VAE(SPEC, latent_dim=2, likelihood=Part(Bernoulli), decoder=decoder, prior=part)
    q: VariationalFamily
    if family in ("diagonal", "full"):
        q = (DiagonalGaussian if family == "diagonal" else FullGaussian)(model, SPEC, encoder=encoder)
    else:
        kind = InverseAutoregressive if family == "inverse-autoregressive" else Coupling
        flow = Part(kind, {"hidden": (4,), "steps": 2, "activation": "tanh"})
        q = NormalizingFlow(model, SPEC, encoder=encoder, flow=flow, context_dim=2)
    for parameter in dict.fromkeys([*model.parameters(), *q.parameters()]):
        parameter.data.add_(0.4 * torch.randn(parameter.shape))
    return model.double(), q.double()


@torch.no_grad()
def by_integration(model: VAE, family: VariationalFamily) -> tuple[float, float, float]:
    """Return log p(x), KL(q || p(z given x)) and the mass of q, by sums over a grid."""
    posterior, generator = family.posterior(X), torch.Generator().manual_seed(0)
    draws = posterior.sample(400, generator=generator), model.sample_prior(100, generator=generator).unsqueeze(1)
    points = grid_around(torch.cat(draws))
    log_q = torch.stack(list(posterior.log_prob(points.at).values())).sum(0)[:, 0] + points.log_weight
    log_p = torch.stack(list(model.log_joint(X, points.at).values())).sum(0)[:, 0] + points.log_weight
    evidence = torch.logsumexp(log_p, 0)
    gap = (log_q.exp() * (log_q - (log_p - evidence))).sum()
    return float(evidence), float(gap), float(log_q.exp().sum())


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=2)
@given(seed=st.integers(0, 10**6))
def test_every_bound_is_below_the_evidence_by_the_gap(family: str, prior: str, seed: int) -> None:
    model, q = build(family, prior, seed)
    evidence, gap, mass = by_integration(model, q)
    assert abs(mass - 1) < 1e-3
    generator, many = torch.Generator().manual_seed(seed), Batch(X.expand(4000, -1), 1)
    with torch.no_grad():
        elbo, tighter = (
            estimator.estimate(model, q, many, generator=generator).per_example()
            for estimator in (Reparameterized(), ImportanceWeighted(samples=5))
        )
    error = float(elbo.std()) / 4000**0.5
    assert gap > 0
    assert abs(float(elbo.mean()) + gap - evidence) < 6 * error + 2e-3
    assert float(elbo.mean()) < float(tighter.mean()) + 6 * error
    assert float(tighter.mean()) < evidence + 6 * float(tighter.std()) / 4000**0.5


PAIRS = [
    ("diagonal", "mixture"),
    ("diagonal", "vamp"),
    ("full", "vamp"),
    ("inverse-autoregressive", "standard-normal"),
    ("inverse-autoregressive", "vamp"),
    ("coupling", "mixture"),
]


def gradients(kind: type[WeightGradient], samples: int, family: str, prior: str, num: int = 40) -> Tensor:
    """Return independent gradients of the bound in all parameters, `(num, P)`: the same noise for each kind."""
    model, q = build(family, prior, seed=3)
    parameters = list(dict.fromkeys([*model.parameters(), *q.parameters()]))
    estimator, batch, rows = ImportanceWeighted(samples=samples, gradient=Part(kind)), Batch(X.expand(500, -1), 1), []
    for seed in range(num):
        generator = torch.Generator().manual_seed(seed)
        bound = estimator.estimate(model, q, batch, generator=generator)["log_mean_weight"].mean()
        found = torch.autograd.grad(bound, parameters, allow_unused=True, materialize_grads=True)
        rows.append(torch.cat([gradient.flatten() for gradient in found]))
    return torch.stack(rows)


def furthest_off(one: Tensor, other: Tensor) -> float:
    """Return how many standard errors two means of paired gradients differ by, where they do most."""
    difference = one - other
    error = difference.std(0) / len(difference) ** 0.5
    return float((difference.mean(0).abs() / (error + 1e-10)).max())


@pytest.mark.parametrize(("family", "prior"), PAIRS)
def test_gradients_are_the_bounds_on_average_whatever_the_posterior_and_the_prior(family: str, prior: str) -> None:
    plain = {samples: gradients(Plain, samples, family, prior) for samples in (1, 3)}
    assert furthest_off(gradients(DoublyReparameterized, 3, family, prior), plain[3]) < 6
    assert furthest_off(gradients(StickingTheLanding, 1, family, prior), plain[1]) < 6
    # What is known to be biased is found out by as many draws.
    assert furthest_off(gradients(StickingTheLanding, 3, family, prior), plain[3]) > 10
