"""What a fitted VAE does with its latents, beside the bound.

    rate        E_x KL(q(z given x) || p(z))              what z tells of x, in nats; exact where it is known
    distortion  -E_x E_q log p(x given z)                 what is left to be told; ELBO = -distortion - rate
    activity_j  Var_x( E_q z_j )                          latent j is active where this is above 0.01

An unused latent has the prior as its posterior whatever x is; many of them together are a collapsed posterior.

Reference: Alemi et al. 2018, eqs. 3 and 4 (rate and distortion); Burda, Grosse & Salakhutdinov 2016, section 5.2
(active units).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from genlab.interfaces.data_source import Batch
from genlab.interfaces.diagnosis import Diagnosis
from genlab.interfaces.variational_family import VariationalFamily
from genlab_vae.posterior import LatentPosterior

if TYPE_CHECKING:
    from genlab_vae.model import VAE

ACTIVE = 0.01
"""The variance of the posterior means above which a latent is active, as Burda et al. have it."""

_MOST_NAMED = 10


def diagnose(model: "VAE", family: nn.Module, batches: Iterable[Batch], generator: torch.Generator) -> Diagnosis:
    """Return the rate, the distortion, the reconstruction error, and which latents are used."""
    assert isinstance(family, VariationalFamily)
    sums: dict[str, Tensor] = {}
    count = 0
    for batch in batches:
        posterior = family.posterior(batch.x)
        if not isinstance(posterior, LatentPosterior):
            return Diagnosis()
        count += len(batch.x)
        for name, value in _sums(model, posterior, batch.x, generator).items():
            sums[name] = sums.get(name, torch.zeros_like(value)) + value
    means = {name: value / count for name, value in sums.items()}
    activity = (means["square"] - means["mean"].square()).tolist()
    metrics = {name: float(means[name]) for name in ("rate_nats", "distortion_nats")}
    metrics["reconstruction_rmse"] = float(means["squared_error"].sqrt())
    metrics["active_units"] = float(sum(value > ACTIVE for value in activity))
    series = {"activity_by_latent": activity}
    if "kl_by_latent" in means:
        series["kl_by_latent_nats"] = means["kl_by_latent"].tolist()
    return Diagnosis(metrics, series, _remarks(activity))


def _sums(model: "VAE", posterior: LatentPosterior, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
    """Return sums over a batch, in double precision."""
    z = posterior.rsample(1, generator=generator)
    parts, known = posterior.kl_by_latent(model.prior), posterior.kl(model.prior)
    if known is None:
        known = (torch.stack(list(posterior.log_prob(z).values())).sum(0) - model.log_prior(z))[0]
    mean = posterior.describe()["mean"]
    squares = (x - model.mean_given(mean)).square()
    sums = {
        "rate_nats": known.double().sum(),
        "distortion_nats": -model.log_likelihood(x, z).double().sum(),
        "squared_error": squares.flatten(1).mean(1).double().sum(),
        "mean": mean.double().sum(0),
        "square": mean.double().square().sum(0),
    }
    return sums if parts is None else sums | {"kl_by_latent": parts.double().sum(0)}


def _remarks(activity: list[float]) -> tuple[str, ...]:
    """Say which latents are not used, if there are any."""
    unused = [index for index, value in enumerate(activity) if value <= ACTIVE]
    if not unused:
        return ()
    some = ", ".join(map(str, unused[:_MOST_NAMED])) + (", ..." if len(unused) > _MOST_NAMED else "")
    who = f"{len(unused)} of {len(activity)} latents are unused: {some}"
    if len(unused) == len(activity):
        who = f"the posterior has collapsed: all {len(activity)} latents are unused, the decoder does not listen to z"
    return (f"{who} (the variance over the examples of their posterior's mean is at most {ACTIVE})",)
