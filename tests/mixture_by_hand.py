"""The mixture of Gaussians once more, from its formulas, in numpy and scipy: what the plugin is tested against.

Everything here is float64, loops over components, and shares no code with the plugin.
"""

import abc
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np
import torch
from genlab_mixture.components import Components
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.family import MeanField
from genlab_mixture.known import KnownComponents
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.model import GaussianMixture
from genlab_mixture.noise import Noise
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, logsumexp
from scipy.stats import dirichlet, multivariate_normal, norm

from genlab.interfaces import Batch, DataSpec, Part, Split, Splits
from genlab.parts.accelerator.cpu import CPU

HERE = CPU(precision="float32")
"""The device the tests compute on."""

Array = NDArray[np.float64]
Kind = TypeVar("Kind", bound="ByHand")


class ByHand(abc.ABC):
    """A data set, the priors, and a member of the family: what all kinds of noise have in common."""

    x: Array  # (N, D); NaN where a value is missing
    alpha: Array  # (K,)
    m0: Array  # (D,)
    s0: Array  # (D,)
    a: Array  # (K,)
    m: Array  # (K, D)

    @abc.abstractmethod
    def expected_log_likelihood(self) -> Array:
        """E log p(x_i | component k), (N, K)."""

    @abc.abstractmethod
    def component_terms(self) -> dict[str, float]:
        """The terms of the components' parameters."""

    @abc.abstractmethod
    def component_swept(self, phi: Array) -> dict[str, Array]:
        """The components' parameters at their optimum given the responsibilities, (N, K)."""

    @abc.abstractmethod
    def log_marginal(self, rows: Array) -> float:
        """log p(rows) where all of them come from one component, its parameters from the prior."""

    @abc.abstractmethod
    def log_predictive(self, x: Array) -> Array:
        """log p(x given component k), its parameters from q, (B, K)."""

    @property
    @abc.abstractmethod
    def noise(self) -> Part[Noise]:
        """The noise of the model with these priors."""

    @abc.abstractmethod
    def components(self) -> Components:
        """The plugin's law of the components in the same state."""

    def log_phi(self) -> Array:
        """The optimal log-responsibilities, (N, K)."""
        logits = digamma(self.a) - digamma(self.a.sum()) + self.expected_log_likelihood()
        return logits - logsumexp(logits, axis=1, keepdims=True)

    def terms(self) -> dict[str, float]:
        """All terms on all data."""
        log_phi = self.log_phi()
        phi = np.exp(log_phi)
        log_weights = digamma(self.a) - digamma(self.a.sum())
        return {
            "likelihood": (phi * self.expected_log_likelihood()).sum(),
            "assignment_prior": (phi * log_weights).sum(),
            "weight_prior": gammaln(self.alpha.sum())
            - gammaln(self.alpha).sum()
            + ((self.alpha - 1) * log_weights).sum(),
            "assignment_entropy": -np.where(phi > 0, phi * log_phi, 0.0).sum(),
            "weight_entropy": float(dirichlet(self.a).entropy()) if len(self.a) > 1 else 0.0,
            **self.component_terms(),
        }

    def elbo(self) -> float:
        return sum(self.terms().values())

    def swept(self) -> Self:
        """The mixture after one sweep of coordinate ascent."""
        phi = np.exp(self.log_phi())
        own: Any = self
        swept: Self = replace(own, a=self.alpha + phi.sum(0), **self.component_swept(phi))
        return swept

    def log_evidence(self) -> float:
        """log p(x), by summing over every assignment of the observations to components."""
        num_data, num_components = len(self.x), len(self.alpha)
        joint = [self._log_assignment(np.array(z)) for z in itertools.product(range(num_components), repeat=num_data)]
        return float(logsumexp(joint))

    def _log_assignment(self, z: NDArray[np.int64]) -> float:
        """log p(z) + log p(x | z): Dirichlet-multinomial times the marginals of the components."""
        counts = np.bincount(z, minlength=len(self.alpha))
        total = gammaln(self.alpha.sum()) - gammaln(self.alpha.sum() + len(z))
        total += (gammaln(self.alpha + counts) - gammaln(self.alpha)).sum()
        return float(total + sum(self.log_marginal(self.x[z == k]) for k in range(len(self.alpha)) if counts[k]))


@dataclass(frozen=True)
class Mixture(ByHand):
    """Known noise."""

    x: Array  # (N, D)
    alpha: Array  # (K,)
    m0: Array  # (D,)
    s0: Array  # (D,)
    sigma: Array  # (D,)
    a: Array  # (K,)
    m: Array  # (K, D)
    v: Array  # (K, D)

    def expected_log_likelihood(self) -> Array:
        squares = (self.x[:, None] - self.m) ** 2 + self.v
        return np.nansum(-0.5 * np.log(2 * np.pi * self.sigma**2) - squares / (2 * self.sigma**2), -1)

    def component_terms(self) -> dict[str, float]:
        return {
            "mean_prior": (norm(self.m0, self.s0).logpdf(self.m) - self.v / (2 * self.s0**2)).sum(),
            "mean_entropy": norm(self.m, np.sqrt(self.v)).entropy().sum(),
        }

    def component_swept(self, phi: Array) -> dict[str, Array]:
        v = 1 / (1 / self.s0**2 + phi.T @ ~np.isnan(self.x) / self.sigma**2)
        return {"v": v, "m": v * (self.m0 / self.s0**2 + phi.T @ np.nan_to_num(self.x) / self.sigma**2)}

    def log_marginal(self, rows: Array) -> float:
        total = 0.0
        for d in range(rows.shape[1]):
            seen = rows[~np.isnan(rows[:, d]), d]
            if len(seen):
                cov = self.sigma[d] ** 2 * np.eye(len(seen)) + self.s0[d] ** 2
                total += multivariate_normal(np.full(len(seen), self.m0[d]), cov).logpdf(seen)
        return total

    def log_predictive(self, x: Array) -> Array:
        return np.nansum(norm(self.m, np.sqrt(self.v + self.sigma**2)).logpdf(x[:, None]), -1)

    @property
    def noise(self) -> Part[Noise]:
        return Part(KnownNoise, {"scale": tuple(self.sigma.tolist())})

    def components(self) -> Components:
        return KnownComponents(*map(torch.tensor, (self.m, self.v, self.m0, self.sigma)))


PARAMETERS: dict[type, dict[str, str]] = {Mixture: {"m": "mean", "v": "var"}}
"""Our names of the components' parameters, and those of the plugin."""


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


def build(mixture: ByHand) -> tuple[GaussianMixture, MeanField, torch.Tensor]:
    """The plugin's model and family in the same state, and the data, all in float64."""
    model, family = fresh(mixture.x, mixture)
    family.set_factors(GlobalFactors(torch.tensor(mixture.a), mixture.components()))
    return model, family, torch.tensor(mixture.x)


def fresh(x: Array, priors: ByHand, init: str = "quantiles") -> tuple[GaussianMixture, MeanField]:
    """A model with these priors, and its family as it starts on x, in float64."""
    splits = in_memory(torch.tensor(x))
    model = GaussianMixture(
        splits.spec,
        components=len(priors.alpha),
        concentration=tuple(priors.alpha.tolist()),
        mean_loc=tuple(priors.m0.tolist()),
        mean_scale=tuple(priors.s0.tolist()),
        noise=priors.noise,
    )
    return model, MeanField(model, splits, init=init).double()  # type: ignore[arg-type]


def in_memory(x: torch.Tensor, name: str = "rows") -> Splits:
    rows = Rows(x)
    return Splits(DataSpec(name, tuple(x.shape[1:]), len(x), missing=bool(x.isnan().any())), rows, rows, rows)


def posterior_of(mixture: Kind, family: MeanField) -> Kind:
    """The mixture with the family's current parameters."""
    factors, names = family.factors(), PARAMETERS[type(mixture)]
    law: Any = factors.components
    parameters = {ours: getattr(law, theirs).detach().numpy() for ours, theirs in names.items()}
    own: Any = mixture
    current: Kind = replace(own, a=factors.concentration.detach().numpy(), **parameters)
    return current


@st.composite
def arrays(draw: st.DrawFn) -> Callable[[tuple[int, ...], float, float], Array]:
    """A function that draws arrays of a shape between two bounds."""

    def array(shape: tuple[int, ...], low: float, high: float) -> Array:
        size = int(np.prod(shape))
        numbers = draw(st.lists(st.floats(low, high, allow_subnormal=False), min_size=size, max_size=size))
        return np.array(numbers, dtype=np.float64).reshape(shape)

    return array


@st.composite
def mixtures(draw: st.DrawFn, *, max_data: int = 12, max_components: int = 4, max_dims: int = 3) -> Mixture:
    """Priors, data and a posterior of any kind: empty components, duplicates, more components than data."""
    num_data = draw(st.integers(1, max_data))
    num_components = draw(st.integers(1, max_components))
    num_dims = draw(st.integers(1, max_dims))

    array = draw(arrays())
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
