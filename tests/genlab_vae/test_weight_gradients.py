"""The gradients of the importance-weighted bound, on the linear-Gaussian VAE, by quadrature over the noise."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from genlab_vae.family import DiagonalGaussianPosterior
from genlab_vae.importance_weighted import ImportanceWeighted
from genlab_vae.weight_gradient import WeightGradient
from genlab_vae.weight_gradients import (
    DoublyReparameterized,
    Reparameterized,
    StickingTheLanding,
    held_log_prob,
    log_weights,
)
from linear_gaussian_vae import LinearGaussian
from torch import Tensor

from genlab.interfaces import Batch, LatentModel, Part, Posterior

GRADIENTS = [Reparameterized, StickingTheLanding, DoublyReparameterized]
HELD = [StickingTheLanding, DoublyReparameterized]


class GivenNoise(DiagonalGaussianPosterior):
    noise: Tensor

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        return self.mean + torch.exp(0.5 * self.log_var) * self.noise


def noise_grid(samples: int) -> tuple[Tensor, Tensor]:
    """Return Gauss-Hermite points for `samples` standard normal numbers, `(samples, M, 1)`, and weights `(M,)`."""
    points, weights = np.polynomial.hermite_e.hermegauss(48)
    grid = np.stack(np.meshgrid(*[points] * samples, indexing="ij")).reshape(samples, -1, 1)
    products = np.stack(np.meshgrid(*[weights / math.sqrt(2 * math.pi)] * samples, indexing="ij"))
    return torch.from_numpy(grid), torch.from_numpy(products.reshape(samples, -1).prod(0))


def expected_gradients(
    kind: type[WeightGradient], samples: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[float, list[Tensor]]:
    """Return L_k and its gradient as `kind` has it on average: in the encoder's parameters, then the decoder's."""
    oracle = LinearGaussian.random(1, num_dims=2, latent_dim=1)
    model, family = oracle.build()
    x = oracle.data(2, num_data=1)
    noise, weights = noise_grid(samples)
    monkeypatch.setattr(GivenNoise, "noise", noise, raising=False)
    build = family.posterior

    def posterior(given: Tensor) -> GivenNoise:
        q = build(given)
        return GivenNoise(q.mean, q.log_var)

    monkeypatch.setattr(family, "posterior", posterior)
    estimator = ImportanceWeighted(samples=samples, gradient=Part(kind))
    batch = Batch(x.expand(len(weights), -1), 1)
    ledger = estimator.estimate(model, family, batch, generator=torch.Generator())
    bound = (weights * ledger["log_mean_weight"]).sum()
    return float(bound.detach()), list(torch.autograd.grad(bound, [*family.parameters(), *model.decoder.parameters()]))


@pytest.mark.parametrize(
    ("kind", "samples"), [(DoublyReparameterized, 1), (DoublyReparameterized, 2), (StickingTheLanding, 1)]
)
def test_the_mean_is_the_gradient_of_the_bound(
    kind: type[WeightGradient], samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, plain = expected_gradients(Reparameterized, samples, monkeypatch)
    again, own = expected_gradients(kind, samples, monkeypatch)
    assert again == pytest.approx(value, rel=1e-12)
    for one, other in zip(own, plain, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_sticking_the_landing_is_biased_from_two_weights_on_and_in_the_encoder_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, plain = expected_gradients(Reparameterized, 2, monkeypatch)
    _, own = expected_gradients(StickingTheLanding, 2, monkeypatch)
    assert max(float((one - other).abs().max()) for one, other in zip(own[:3], plain[:3], strict=True)) > 0.01
    for one, other in zip(own[3:], plain[3:], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def drawn_gradients(kind: type[WeightGradient], oracle: LinearGaussian, samples: int, draws: int = 400) -> Tensor:
    """Return independent gradients in the encoder's parameters, `(draws, P)`."""
    model, family = oracle.build()
    x = oracle.data(2, num_data=1)
    estimator = ImportanceWeighted(samples=samples, gradient=Part(kind))
    generator, rows = torch.Generator().manual_seed(0), []
    for _ in range(draws):
        objective = estimator.estimate(model, family, Batch(x, 1), generator=generator).objective(1)
        gradients = torch.autograd.grad(objective, list(family.parameters()))
        rows.append(torch.cat([gradient.flatten() for gradient in gradients]))
    return torch.stack(rows)


@pytest.mark.parametrize("kind", HELD)
def test_nothing_of_the_gradient_is_left_at_the_exact_posterior(kind: type[WeightGradient]) -> None:
    oracle = LinearGaussian.optimal(3)
    assert float(drawn_gradients(kind, oracle, 1, 5).abs().max()) < 1e-12
    assert float(drawn_gradients(kind, oracle, 4, 5).abs().max()) < 1e-12
    assert float(drawn_gradients(Reparameterized, oracle, 1, 5).abs().max()) > 0.1


def test_the_doubly_reparameterized_gradient_varies_less_and_keeps_its_signal_as_weights_are_added() -> None:
    optimal = LinearGaussian.optimal(3)
    oracle = replace(optimal, encoder_bias=optimal.encoder_bias + 0.3, log_var=optimal.log_var + 0.3)
    ratios = {}
    for kind in (Reparameterized, DoublyReparameterized):
        rows = {samples: drawn_gradients(kind, oracle, samples) for samples in (2, 32)}
        ratios[kind] = {
            samples: float(values.mean(0).norm() / values.std(0).norm()) for samples, values in rows.items()
        }
        if kind is Reparameterized:
            spread = {samples: values.var(0).sum() for samples, values in rows.items()}
        else:
            assert all(values.var(0).sum() < 0.5 * spread[samples] for samples, values in rows.items())
    assert ratios[DoublyReparameterized][32] > 0.9 * ratios[DoublyReparameterized][2]
    assert ratios[Reparameterized][32] < 0.6 * ratios[Reparameterized][2]


@pytest.mark.parametrize("kind", GRADIENTS)
def test_the_bound_is_the_same_with_each(kind: type[WeightGradient]) -> None:
    oracle = LinearGaussian.random(1)
    x = oracle.data(2)
    model, family = oracle.build()
    estimates = [
        ImportanceWeighted(samples=4, gradient=Part(one))
        .estimate(model, family, Batch(x, 10), generator=torch.Generator().manual_seed(0))
        .detach()
        .per_example()
        for one in (Reparameterized, kind)
    ]
    torch.testing.assert_close(*estimates, rtol=1e-12, atol=1e-12)


def test_a_held_log_density_has_the_slope_in_z_and_none_in_the_parameters() -> None:
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(3, 2, generator=generator).double().requires_grad_()
    q = DiagonalGaussianPosterior(mean, torch.zeros_like(mean))
    z = q.rsample(4, generator=generator)
    held = held_log_prob(q, z)
    torch.testing.assert_close(held, q.log_prob(z)["entropy"])
    (slope,) = torch.autograd.grad(held.sum(), z, retain_graph=True)
    torch.testing.assert_close(slope, -(z - mean))
    # Through z alone, log q changes; with the parameters it would not, for z moves with the mean.
    (through_z,) = torch.autograd.grad(held.sum(), mean)
    torch.testing.assert_close(through_z, -(z - mean).sum(0))


@dataclass(frozen=True)
class Two:
    first: Tensor
    second: Tensor


class Chain(Posterior):
    """first = a + eps, second = first + b + eps: a draw of which one latent makes the other."""

    def __init__(self, a: Tensor, b: Tensor) -> None:
        self.a, self.b = a, b

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Two:
        noise = torch.randn(2, num_samples, 1, 1, generator=generator, dtype=torch.float64)
        first = self.a + noise[0]
        return Two(first, first + self.b + noise[1])

    def sample(self, num_samples: int, *, generator: torch.Generator) -> Two:
        raise NotImplementedError

    def log_prob(self, z: Two) -> dict[str, Tensor]:
        first, second = z.first - self.a, z.second - z.first - self.b
        return {"first": -0.5 * first.square().sum(-1), "second": -0.5 * second.square().sum(-1)}


class Quadratic(LatentModel):
    event_shape = (1,)

    def log_joint(self, x: Tensor, z: Two) -> dict[str, Tensor]:
        return {"all": -0.4 * (z.first - 1).square().sum(-1) - 0.7 * (z.second - z.first * x).square().sum(-1)}


def test_latents_that_make_one_another_are_weighed_together() -> None:
    a, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.3, -0.2))
    q, model, x = Chain(a, b), Quadratic(), torch.full((1, 1), 0.5, dtype=torch.float64)
    z = q.rsample(3, generator=torch.Generator().manual_seed(0))
    weights = DoublyReparameterized().log_weights(model, q, x, z)
    torch.testing.assert_close(weights, log_weights(model, q, x, z))
    own = torch.autograd.grad(torch.logsumexp(weights, 0).sum(), (a, b), retain_graph=True)
    shares = torch.softmax(weights.detach(), 0)[:, 0]
    first, second = (value.detach()[:, 0, 0] for value in (z.first, z.second))
    step, rest = second - first - float(b.detach()), second - 0.5 * first
    slope_first = -0.8 * (first - 1) + 0.7 * rest + (first - float(a.detach())) - step
    slope_second = -1.4 * rest + step
    expected_b = (shares.square() * slope_second).sum()
    expected_a = (shares.square() * (slope_first + slope_second)).sum()
    torch.testing.assert_close(torch.stack(own), torch.stack([expected_a, expected_b]))
