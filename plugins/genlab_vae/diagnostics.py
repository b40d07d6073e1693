"""What a fitted VAE does with its latents, beside the bound.

    rate        E_x KL(q(z given x) || p(z))              what z tells of x, in nats; exact where it is known
    distortion  -E_x E_q log p(x given z)                 what is left to be told; ELBO = -distortion - rate
    activity_j  Var_x( E_q z_j )                          latent j is active where this is above 0.01

Of several layers each has its own latents; the rate is that of all together. What has no closed form is a mean over a
few draws of z, the same draws for both, so that their sum is minus a bound of as many draws.

The posterior of an unused latent is about the same whatever x is, and once it is trained, the prior. Where all latents
are unused, the posterior has collapsed.

Reference: Alemi et al. 2018, eqs. 3 and 4 (rate and distortion); Burda, Grosse & Salakhutdinov 2016, section 5.2
(active units).
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from genlab.interfaces.data_source import Batch
from genlab.interfaces.diagnosis import Diagnosis
from genlab.interfaces.variational_family import Posterior, VariationalFamily
from genlab_vae.directed import DirectedModel
from genlab_vae.posterior import LatentPosterior, means_by_layer
from genlab_vae.prior import Prior

ACTIVE = 0.01
"""The variance of the posterior means above which a latent is active, as Burda et al. have it."""

_MOST_NAMED = 10
_DRAWS = 5


def diagnose(
    model: DirectedModel,
    family: nn.Module,
    batches: Iterable[Batch],
    generator: torch.Generator,
    *,
    prior: Prior | None = None,
) -> Diagnosis:
    """Return the rate, the distortion, the reconstruction error, and which latents are used.

    It has nothing to say where the posterior describes no `mean` of its latents.

    Args:
        model: a joint whose factor `likelihood` is log p(x given z).
        family: fitted to it.
        batches: the observations, once.
        generator: the only source of randomness.
        prior: from which the divergence may have a closed form.
    """
    assert isinstance(family, VariationalFamily)
    sums: dict[str, Tensor] = {}
    count = 0
    for batch in batches:
        posterior = family.posterior(batch.x)
        means = means_by_layer(posterior)
        if not means:
            return Diagnosis()
        count += len(batch.x)
        squares = (batch.x - model.mean_given(model.latents_at(means))).square()
        found = _split_bound(model, posterior, prior, batch.x, generator)
        found["squared_error"] = squares.flatten(1).mean(1)
        for layer, mean in means.items():
            found |= {f"mean {layer}": mean, f"square {layer}": mean.double().square()}
        for name, value in found.items():
            total = value.double().sum(0)
            sums[name] = sums[name] + total if name in sums else total
    averages = {name: value / count for name, value in sums.items()}
    return _summary(averages, [name.removeprefix("square ") for name in averages if name.startswith("square ")])


def _split_bound(
    model: DirectedModel, posterior: Posterior, prior: Prior | None, x: Tensor, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return what z tells of each observation and what is left to be told, `(B,)`, by a few draws where not known."""
    # One draw at a time, for the layers of a decoder may be large.
    drawn = [_of_one_draw(model, posterior, x, generator) for _ in range(_DRAWS)]
    distortion, rate = (torch.stack(values).mean(0) for values in zip(*drawn, strict=True))
    found = {"distortion_nats": distortion, "rate_nats": rate}
    if isinstance(posterior, LatentPosterior) and prior is not None:
        by_latent, known = posterior.kl_by_latent(prior), posterior.kl(prior)
        found |= {} if by_latent is None else {"kl_by_latent_nats": by_latent}
        found |= {} if known is None else {"rate_nats": known}
    return found


def _of_one_draw(
    model: DirectedModel, posterior: Posterior, x: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return -log p(x given z) and log q(z given x) - log p(z), `(B,)` each."""
    z = posterior.sample(1, generator=generator)
    factors = dict(model.log_joint(x, z))
    distortion = -factors.pop("likelihood")[0]
    log_q, log_p = (torch.stack(list(values.values())).sum(0)[0] for values in (posterior.log_prob(z), factors))
    return distortion, log_q - log_p


def _summary(averages: Mapping[str, Tensor], layers: list[str]) -> Diagnosis:
    metrics = {name: float(averages[name]) for name in ("rate_nats", "distortion_nats")}
    metrics["reconstruction_rmse"] = float(averages["squared_error"].sqrt())
    series, remarks = {}, []
    for layer in layers:
        activity = (averages[f"square {layer}"] - averages[f"mean {layer}"].square()).tolist()
        metrics["_".join(filter(None, ("active", layer, "units")))] = float(sum(value > ACTIVE for value in activity))
        series["_".join(filter(None, ("activity_by", layer, "latent")))] = activity
        remarks += _remarks(activity, layer)
    if "kl_by_latent_nats" in averages:
        series["kl_by_latent_nats"] = averages["kl_by_latent_nats"].tolist()
    return Diagnosis(metrics, series, tuple(remarks))


def _remarks(activity: list[float], layer: str) -> list[str]:
    """Say which latents of a layer are not used, if there are any."""
    unused = [index for index, value in enumerate(activity) if value <= ACTIVE]
    if not unused:
        return []
    whose = f"{layer} latents".strip()
    some = ", ".join(map(str, unused[:_MOST_NAMED])) + (", ..." if len(unused) > _MOST_NAMED else "")
    who = f"{len(unused)} of {len(activity)} {whose} are unused: {some}"
    if len(unused) == len(activity):
        who = f"the posterior has collapsed: all {len(activity)} {whose} are unused, it is the same whatever x is"
    return [f"{who} (the variance over the examples of their posterior's mean is at most {ACTIVE})"]
