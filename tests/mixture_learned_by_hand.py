"""The mixtures whose noise is learned once more, from their formulas, in numpy and scipy.

Marginals are chains of Student-t predictive densities, one observation after the other.
"""

from dataclasses import dataclass

import numpy as np
import torch
from genlab_mixture.components import Components
from genlab_mixture.full import FullComponents
from genlab_mixture.full_noise import FullNoise
from genlab_mixture.learned import LearnedComponents
from genlab_mixture.learned_noise import LearnedNoise
from genlab_mixture.noise import Noise
from hypothesis import strategies as st
from mixture_by_hand import PARAMETERS, Array, ByHand, arrays, example, mixtures
from scipy.special import digamma, gammaln, multigammaln
from scipy.stats import gamma, multivariate_t, t, wishart

from genlab.interfaces import Part


@dataclass(frozen=True)
class LearnedMixture(ByHand):
    """A Normal-Gamma law for each component and coordinate."""

    x: Array  # (N, D)
    alpha: Array  # (K,)
    m0: Array  # (D,)
    s0: Array  # (D,)
    scale: Array  # (D,)
    shape0: float
    a: Array  # (K,)
    m: Array  # (K, D)
    kappa: Array  # (K, D)
    shape: Array  # (K, D)
    rate: Array  # (K, D)

    @property
    def kappa0(self) -> Array:
        return self.scale**2 / self.s0**2

    @property
    def rate0(self) -> Array:
        return self.shape0 * self.scale**2

    def expected_log_likelihood(self) -> Array:
        squares = self.shape / self.rate * (self.x[:, None] - self.m) ** 2 + 1 / self.kappa
        return np.nansum(0.5 * (digamma(self.shape) - np.log(self.rate) - np.log(2 * np.pi) - squares), -1)

    def component_terms(self) -> dict[str, float]:
        tau, log_tau = self.shape / self.rate, digamma(self.shape) - np.log(self.rate)
        a0, b0, kappa0 = self.shape0, self.rate0, self.kappa0
        distance = kappa0 * (tau * (self.m - self.m0) ** 2 + 1 / self.kappa)
        return {
            "mean_prior": 0.5 * (log_tau + np.log(kappa0 / (2 * np.pi)) - distance).sum(),
            "mean_entropy": -0.5 * (log_tau + np.log(self.kappa / (2 * np.pi)) - 1).sum(),
            "precision_prior": (a0 * np.log(b0) - gammaln(a0) + (a0 - 1) * log_tau - b0 * tau).sum(),
            "precision_entropy": gamma(self.shape, scale=1 / self.rate).entropy().sum(),
        }

    def component_swept(self, phi: Array) -> dict[str, Array]:
        swept = {name: np.empty_like(self.m) for name in ("m", "kappa", "shape", "rate")}
        for k, d in np.ndindex(self.m.shape):
            seen = ~np.isnan(self.x[:, d])
            weights, x = phi[seen, k], self.x[seen, d]
            count, kappa0, m0 = weights.sum(), self.kappa0[d], self.m0[d]
            average = weights @ x / count if count > 0 else m0
            swept["kappa"][k, d] = kappa0 + count
            swept["m"][k, d] = (kappa0 * m0 + count * average) / (kappa0 + count)
            swept["shape"][k, d] = self.shape0 + count / 2
            scatter = weights @ (x - average) ** 2 + kappa0 * count / (kappa0 + count) * (average - m0) ** 2
            swept["rate"][k, d] = self.rate0[d] + scatter / 2
        return swept

    def log_marginal(self, rows: Array) -> float:
        total = 0.0
        for d in range(rows.shape[1]):
            m, kappa, shape, rate = self.m0[d], self.kappa0[d], self.shape0, self.rate0[d]
            for x in rows[~np.isnan(rows[:, d]), d]:
                total += t(2 * shape, m, np.sqrt(rate * (kappa + 1) / (shape * kappa))).logpdf(x)
                rate += kappa * (x - m) ** 2 / (2 * (kappa + 1))
                m, kappa, shape = (kappa * m + x) / (kappa + 1), kappa + 1, shape + 0.5
        return total

    def log_predictive(self, x: Array) -> Array:
        scale = np.sqrt(self.rate * (self.kappa + 1) / (self.shape * self.kappa))
        return np.nansum(t(2 * self.shape, self.m, scale).logpdf(x[:, None]), -1)

    @property
    def noise(self) -> Part[Noise]:
        return Part(LearnedNoise, {"scale": tuple(self.scale.tolist()), "shape": self.shape0})

    def components(self) -> Components:
        return LearnedComponents(*map(torch.tensor, (self.m, self.kappa, self.shape, self.rate, self.m0)))


@dataclass(frozen=True)
class FullMixture(ByHand):
    """A Normal-Wishart law for each component."""

    x: Array  # (N, D)
    alpha: Array  # (K,)
    m0: Array  # (D,)
    s0: Array  # (D,)
    scale: Array  # (D,)
    shape0: float
    a: Array  # (K,)
    m: Array  # (K, D)
    kappa: Array  # (K,)
    shape: Array  # (K,)
    scatter: Array  # (K, D, D)

    @property
    def num_dims(self) -> int:
        return int(self.m.shape[1])

    @property
    def kappa0(self) -> float:
        return float(self.scale[0] ** 2 / self.s0[0] ** 2)

    @property
    def nu0(self) -> float:
        return 2 * self.shape0 + self.num_dims - 1

    @property
    def psi0(self) -> Array:
        return np.diag(2 * self.shape0 * self.scale**2)

    @property
    def nu(self) -> Array:
        return 2 * self.shape + self.num_dims - 1

    def expected_log_det(self) -> Array:
        steps = np.arange(self.num_dims)
        digammas = digamma((self.nu[:, None] - steps) / 2).sum(1)
        return digammas + self.num_dims * np.log(2) - np.linalg.slogdet(self.scatter)[1]

    def expected_log_likelihood(self) -> Array:
        columns = []
        for k in range(len(self.m)):
            offset = self.x - self.m[k]
            squares = self.nu[k] * np.einsum("nd,de,ne->n", offset, np.linalg.inv(self.scatter[k]), offset)
            squares += self.num_dims / self.kappa[k]
            columns.append(0.5 * (self.expected_log_det()[k] - self.num_dims * np.log(2 * np.pi) - squares))
        return np.stack(columns, 1)

    def component_terms(self) -> dict[str, float]:
        num_dims, terms = self.num_dims, dict.fromkeys(("mean_prior", "mean_entropy"), 0.0)
        terms |= dict.fromkeys(("precision_prior", "precision_entropy"), 0.0)
        for k, log_det in enumerate(self.expected_log_det()):
            precision, offset = self.nu[k] * np.linalg.inv(self.scatter[k]), self.m[k] - self.m0
            distance = self.kappa0 * (offset @ precision @ offset + num_dims / self.kappa[k])
            terms["mean_prior"] += 0.5 * (log_det + num_dims * np.log(self.kappa0 / (2 * np.pi)) - distance)
            terms["mean_entropy"] -= 0.5 * (log_det + num_dims * (np.log(self.kappa[k] / (2 * np.pi)) - 1))
            terms["precision_prior"] += (
                0.5 * (self.nu0 - num_dims - 1) * log_det
                - 0.5 * np.trace(self.psi0 @ precision)
                + 0.5 * self.nu0 * (np.linalg.slogdet(self.psi0)[1] - num_dims * np.log(2))
                - multigammaln(self.nu0 / 2, num_dims)
            )
            terms["precision_entropy"] += wishart(self.nu[k], np.linalg.inv(self.scatter[k])).entropy()
        return terms

    def component_swept(self, phi: Array) -> dict[str, Array]:
        counts = phi.sum(0)
        kappa, m, scatter = self.kappa0 + counts, np.empty_like(self.m), np.empty_like(self.scatter)
        for k, count in enumerate(counts):
            average = phi[:, k] @ self.x / count if count > 0 else self.m0
            m[k] = (self.kappa0 * self.m0 + count * average) / kappa[k]
            within = (phi[:, k, None] * (self.x - average)).T @ (self.x - average)
            between = np.outer(average - self.m0, average - self.m0)
            scatter[k] = self.psi0 + within + self.kappa0 * count / kappa[k] * between
        return {"m": m, "kappa": kappa, "shape": self.shape0 + counts / 2, "scatter": scatter}

    def log_marginal(self, rows: Array) -> float:
        m, kappa, shape, scatter, total = self.m0, self.kappa0, self.shape0, self.psi0, 0.0
        for x in rows:
            total += multivariate_t(m, scatter * (kappa + 1) / (2 * shape * kappa), 2 * shape).logpdf(x)
            scatter = scatter + kappa / (kappa + 1) * np.outer(x - m, x - m)
            m, kappa, shape = (kappa * m + x) / (kappa + 1), kappa + 1, shape + 0.5
        return total

    def log_predictive(self, x: Array) -> Array:
        columns = []
        for m, kappa, shape, scatter in zip(self.m, self.kappa, self.shape, self.scatter, strict=True):
            law = multivariate_t(m, scatter * (kappa + 1) / (2 * shape * kappa), 2 * shape)
            columns.append(np.atleast_1d(law.logpdf(x)))
        return np.stack(columns, 1)

    @property
    def noise(self) -> Part[Noise]:
        return Part(FullNoise, {"scale": tuple(self.scale.tolist()), "shape": self.shape0})

    def components(self) -> Components:
        return FullComponents(*map(torch.tensor, (self.m, self.kappa, self.shape, self.scatter, self.m0)))


PARAMETERS[LearnedMixture] = {"m": "mean", "kappa": "kappa", "shape": "shape", "rate": "rate"}
PARAMETERS[FullMixture] = {"m": "mean", "kappa": "kappa", "shape": "shape", "scatter": "scatter"}


@st.composite
def learned_mixtures(
    draw: st.DrawFn, *, max_data: int = 12, max_components: int = 4, max_dims: int = 3
) -> LearnedMixture:
    """Priors, data and a posterior of any kind."""
    array = draw(arrays())
    num_data, num_components = draw(st.integers(1, max_data)), draw(st.integers(1, max_components))
    num_dims = draw(st.integers(1, max_dims))
    by_coordinate = (num_components, num_dims)
    return LearnedMixture(
        x=array((num_data, num_dims), -8, 8),
        alpha=array((num_components,), 0.05, 5),
        m0=array((num_dims,), -3, 3),
        s0=array((num_dims,), 0.3, 6),
        scale=array((num_dims,), 0.3, 3),
        shape0=draw(st.floats(0.1, 5)),
        a=array((num_components,), 0.05, 20),
        m=array(by_coordinate, -8, 8),
        kappa=array(by_coordinate, 0.1, 10),
        shape=array(by_coordinate, 0.2, 10),
        rate=array(by_coordinate, 0.2, 10),
    )


@st.composite
def full_mixtures(draw: st.DrawFn, *, max_data: int = 12, max_components: int = 4, max_dims: int = 3) -> FullMixture:
    """Priors, data and a posterior of any kind."""
    array = draw(arrays())
    num_data, num_components = draw(st.integers(1, max_data)), draw(st.integers(1, max_components))
    num_dims = draw(st.integers(1, max_dims))
    scale, roots = array((num_dims,), 0.3, 3), array((num_components, num_dims, num_dims), -1, 1)
    return FullMixture(
        x=array((num_data, num_dims), -8, 8),
        alpha=array((num_components,), 0.05, 5),
        m0=array((num_dims,), -3, 3),
        s0=scale * draw(st.floats(0.5, 4)),
        scale=scale,
        shape0=draw(st.floats(0.1, 5)),
        a=array((num_components,), 0.05, 20),
        m=array((num_components, num_dims), -8, 8),
        kappa=array((num_components,), 0.1, 10),
        shape=array((num_components,), 0.2, 10),
        scatter=np.einsum("kde,kfe->kdf", roots, roots) + np.eye(num_dims),
    )


def learned_example(*, num_data: int = 40, num_dims: int = 1, num_components: int = 3, seed: int = 0) -> LearnedMixture:
    """The data of `example`, and a posterior that is not at its optimum."""
    known = example(num_data=num_data, num_dims=num_dims, num_components=num_components, seed=seed)
    rng = np.random.default_rng(seed + 100)
    kappa = rng.uniform(3, 20, known.m.shape)
    shape = rng.uniform(2, 8, known.m.shape)
    rate = shape * rng.uniform(0.5, 2, known.m.shape)
    return LearnedMixture(
        known.x, known.alpha, known.m0, known.s0, known.sigma, 1.5, known.a, known.m, kappa, shape, rate
    )


def full_example(*, num_data: int = 40, num_dims: int = 1, num_components: int = 3, seed: int = 0) -> FullMixture:
    """The data of `example`, and a posterior that is not at its optimum."""
    known = example(num_data=num_data, num_dims=num_dims, num_components=num_components, seed=seed)
    rng = np.random.default_rng(seed + 100)
    roots = rng.normal(0, 1, (num_components, num_dims, num_dims))
    shape = rng.uniform(2, 8, num_components)
    scatter = np.einsum("kde,kfe->kdf", roots, roots) + 3 * np.eye(num_dims)
    kappa, s0 = rng.uniform(3, 20, num_components), 5 * known.sigma
    return FullMixture(known.x, known.alpha, known.m0, s0, known.sigma, 1.5, known.a, known.m, kappa, shape, scatter)


KINDS = (example, learned_example, full_example)
"""An example of each kind of noise."""


def any_mixtures(*, max_data: int = 12, max_components: int = 4, max_dims: int = 3) -> st.SearchStrategy[ByHand]:
    """Priors, data and a posterior of any kind, with any kind of noise."""
    kinds = (mixtures, learned_mixtures, full_mixtures)
    return st.one_of(*(kind(max_data=max_data, max_components=max_components, max_dims=max_dims) for kind in kinds))
