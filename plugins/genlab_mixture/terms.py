"""The terms of the mixture's bound, each in closed form.

    likelihood          sum_k phi_ik E log p(x_i given component k)            local
    assignment_prior    sum_k phi_ik [ psi(a_k) - psi(A) ]                     local
    assignment_entropy  - sum_k phi_ik log phi_ik                              local
    weight_prior        E log Dirichlet(pi | alpha)                            global
    weight_entropy      - E log Dirichlet(pi | a)                              global
    mean_prior          sum_k E log p(mu_k given the precision of k)           global
    mean_entropy        - sum_k E log q(mu_k given the precision of k)         global
    precision_prior     sum_k E log p(precision of k)                          global, where the noise is learned
    precision_entropy   - sum_k E log q(precision of k)                        global, where the noise is learned

Local terms are in x's precision, global ones in float64.

Reference: Blei, Kucukelbir & McAuliffe 2017, eq. 21, with Dirichlet weights and every constant kept; Bishop 2006,
eqs. 10.70 to 10.77.
"""

from torch import Tensor

from genlab_mixture.densities import log_dirichlet
from genlab_mixture.factors import GlobalFactors


def likelihood(x: Tensor, observed: Tensor | None, phi: Tensor, factors: GlobalFactors) -> Tensor:
    """Return E log p(x given z and the parameters), `(B,)`; x is `(B, D)`, phi `(K, B)`."""
    offsets = factors.components.offsets().to(x.dtype).unsqueeze(-1)
    return (phi * (offsets + factors.components.inner(x, observed))).sum(0)


def assignment_prior(phi: Tensor, factors: GlobalFactors) -> Tensor:
    """Return E log p(z given pi), `(B,)`; phi is `(K, B)`."""
    return (phi * factors.expected_log_weights.to(phi.dtype).unsqueeze(-1)).sum(0)


def assignment_entropy(log_phi: Tensor) -> Tensor:
    """Return the entropy of q(z), `(B,)`; log_phi is `(K, B)` and finite, so a dead component adds 0."""
    return -(log_phi.exp() * log_phi).sum(0)


def global_terms(factors: GlobalFactors, prior: GlobalFactors) -> dict[str, Tensor]:
    """Return the global terms by name, `()` each: a prior and an entropy for each kind of parameter."""
    terms = {}
    for law, suffix, sign in ((prior, "prior", 1), (factors, "entropy", -1)):
        terms[f"weight_{suffix}"] = sign * log_dirichlet(factors.expected_log_weights, law.concentration)
        for name, value in law.components.expected_log_density(factors.components).items():
            terms[f"{name}_{suffix}"] = sign * value.sum()
    return terms
