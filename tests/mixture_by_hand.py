"""The mixture of Gaussians once more, from its formulas, in numpy and scipy: what the plugin is tested against.

Everything here is float64, loops over components, and shares no code with the plugin.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, logsumexp
from scipy.stats import dirichlet, multivariate_normal, norm

from genlab.interfaces import Batch, DataSpec, Split, Splits

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """A data set, the priors, and a member of the family."""

    x: Array  # (N, D)
    alpha: Array  # (K,)
    m0: Array  # (D,)
    s0: Array  # (D,)
    sigma: Array  # (D,)
    a: Array  # (K,)
    m: Array  # (K, D)
    v: Array  # (K, D)

    def log_phi(self) -> Array:
        """The optimal log-responsibilities, (N, K)."""
        logits = digamma(self.a) - digamma(self.a.sum()) + self.expected_log_likelihood()
        return logits - logsumexp(logits, axis=1, keepdims=True)

    def expected_log_likelihood(self) -> Array:
        """E log N(x_i | mu_k, sigma^2), (N, K)."""
        squares = (self.x[:, None] - self.m) ** 2 + self.v
        return (-0.5 * np.log(2 * np.pi * self.sigma**2) - squares / (2 * self.sigma**2)).sum(-1)

    def terms(self) -> dict[str, float]:
        """The seven terms on all data."""
        log_phi = self.log_phi()
        phi = np.exp(log_phi)
        log_weights = digamma(self.a) - digamma(self.a.sum())
        prior = norm(self.m0, self.s0)
        return {
            "likelihood": (phi * self.expected_log_likelihood()).sum(),
            "assignment_prior": (phi * log_weights).sum(),
            "weight_prior": gammaln(self.alpha.sum())
            - gammaln(self.alpha).sum()
            + ((self.alpha - 1) * log_weights).sum(),
            "mean_prior": (prior.logpdf(self.m) - self.v / (2 * self.s0**2)).sum(),
            "assignment_entropy": -np.where(phi > 0, phi * log_phi, 0.0).sum(),
            "weight_entropy": float(dirichlet(self.a).entropy()) if len(self.a) > 1 else 0.0,
            "mean_entropy": norm(self.m, np.sqrt(self.v)).entropy().sum(),
        }

    def elbo(self) -> float:
        return sum(self.terms().values())

    def swept(self) -> "Mixture":
        """The mixture after one sweep of coordinate ascent."""
        phi = np.exp(self.log_phi())
        counts = phi.sum(0)
        v = 1 / (1 / self.s0**2 + counts[:, None] / self.sigma**2)
        m = v * (self.m0 / self.s0**2 + phi.T @ self.x / self.sigma**2)
        return Mixture(self.x, self.alpha, self.m0, self.s0, self.sigma, self.alpha + counts, m, v)

    def log_evidence(self) -> float:
        """log p(x), by summing over every assignment of the observations to components."""
        num_data, num_components = len(self.x), len(self.alpha)
        joint = [self._log_assignment(np.array(z)) for z in itertools.product(range(num_components), repeat=num_data)]
        return float(logsumexp(joint))

    def _log_assignment(self, z: NDArray[np.int64]) -> float:
        """log p(z) + log p(x | z): Dirichlet-multinomial times Gaussian marginals."""
        counts = np.bincount(z, minlength=len(self.alpha))
        total = gammaln(self.alpha.sum()) - gammaln(self.alpha.sum() + len(z))
        total += (gammaln(self.alpha + counts) - gammaln(self.alpha)).sum()
        for k in range(len(self.alpha)):
            rows = self.x[z == k]
            for d in range(rows.shape[1] if len(rows) else 0):
                cov = self.sigma[d] ** 2 * np.eye(len(rows)) + self.s0[d] ** 2
                total += multivariate_normal(np.full(len(rows), self.m0[d]), cov).logpdf(rows[:, d])
        return float(total)


class Rows(Split):
    """A tensor of observations."""

    def __init__(self, x: torch.Tensor) -> None:
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def batches(self, indices: Iterable[torch.Tensor], generator: torch.Generator) -> Iterator[Batch]:
        return (Batch(self.x[index], len(self.x)) for index in indices)

    def to(self, device: torch.device) -> "Rows":
        return Rows(self.x.to(device))


class InOrder:
    """Training data whose minibatches come in order; a sweep reads them all."""

    def __init__(self, x: torch.Tensor, batch_size: int | None = None) -> None:
        self.num_data, self._x = len(x), x
        self._batch_size = batch_size or len(x)
        self._next = 0

    def next(self) -> Batch:
        batch = Batch(self._x[self._next : self._next + self._batch_size], self.num_data)
        self._next = (self._next + self._batch_size) % self.num_data
        return batch

    def sweep(self) -> Iterator[Batch]:
        return (Batch(rows, self.num_data) for rows in torch.split(self._x, self._batch_size))


def build(mixture: Mixture) -> tuple[GaussianMixture, MeanField, torch.Tensor]:
    """The plugin's model and family in the same state, and the data, all in float64."""
    model, family = fresh(mixture.x, mixture)
    with torch.no_grad():
        family.log_concentration.copy_(torch.tensor(mixture.a).log())
        family.mean.copy_(torch.tensor(mixture.m))
        family.log_var.copy_(torch.tensor(mixture.v).log())
    return model, family, torch.tensor(mixture.x)


def fresh(x: Array, priors: Mixture, init: str = "quantiles") -> tuple[GaussianMixture, MeanField]:
    """A model with these priors, and its family as it starts on x."""
    splits = in_memory(torch.tensor(x))
    model = GaussianMixture(
        splits.spec,
        components=len(priors.alpha),
        concentration=tuple(priors.alpha.tolist()),
        mean_loc=tuple(priors.m0.tolist()),
        mean_scale=tuple(priors.s0.tolist()),
        noise_scale=tuple(priors.sigma.tolist()),
    ).double()
    # The buffers were float32; take the exact numbers.
    for name, value in (
        ("concentration", priors.alpha),
        ("mean_loc", priors.m0),
        ("mean_scale", priors.s0),
        ("noise_scale", priors.sigma),
    ):
        getattr(model, name).copy_(torch.tensor(value))
    return model, MeanField(model, splits, init=init).double()  # type: ignore[arg-type]


def in_memory(x: torch.Tensor, name: str = "rows") -> Splits:
    rows = Rows(x)
    return Splits(DataSpec(name, tuple(x.shape[1:]), len(x)), rows, rows, rows)


def posterior_of(mixture: Mixture, family: MeanField) -> Mixture:
    """The mixture with the family's current parameters."""
    factors = family.factors()
    a, m, v = (value.detach().double().numpy() for value in (factors.concentration, factors.mean, factors.var))
    return Mixture(mixture.x, mixture.alpha, mixture.m0, mixture.s0, mixture.sigma, a, m, v)


@st.composite
def mixtures(draw: st.DrawFn, *, max_data: int = 12, max_components: int = 4, max_dims: int = 3) -> Mixture:
    """Priors, data and a posterior of any kind: empty components, duplicates, more components than data."""
    num_data = draw(st.integers(1, max_data))
    num_components = draw(st.integers(1, max_components))
    num_dims = draw(st.integers(1, max_dims))

    def array(shape: tuple[int, ...], low: float, high: float) -> Array:
        size = int(np.prod(shape))
        numbers = draw(st.lists(st.floats(low, high, allow_subnormal=False), min_size=size, max_size=size))
        return np.array(numbers, dtype=np.float64).reshape(shape)

    return Mixture(
        x=array((num_data, num_dims), -8, 8),
        alpha=array((num_components,), 0.05, 5),
        m0=array((num_dims,), -3, 3),
        s0=array((num_dims,), 0.3, 6),
        sigma=array((num_dims,), 0.3, 3),
        a=array((num_components,), 0.05, 20),
        m=array((num_components, num_dims), -8, 8),
        v=array((num_components, num_dims), 0.01, 4),
    )


def example(*, num_data: int = 40, num_dims: int = 1, num_components: int = 3, seed: int = 0) -> Mixture:
    """Three loose groups and a posterior that is not at its optimum."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(0, 4, (num_components, num_dims))
    x = centers[rng.integers(num_components, size=num_data)] + rng.normal(0, 1, (num_data, num_dims))
    return Mixture(
        x=x,
        alpha=np.linspace(0.7, 1.5, num_components),
        m0=np.full(num_dims, 0.5),
        s0=np.full(num_dims, 5.0),
        sigma=np.linspace(0.9, 1.2, num_dims),
        a=rng.uniform(2, 10, num_components),
        m=centers + rng.normal(0, 0.7, centers.shape),
        v=rng.uniform(0.05, 0.4, centers.shape),
    )
