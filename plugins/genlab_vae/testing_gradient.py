"""Laws of the gradients of an importance-weighted bound. The conformance kit alone imports them."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genlab.interfaces import Batch, Part
from genlab.testing.check import check
from genlab.testing.claims import claim_close, claim_mean, needed
from genlab.testing.derivatives import direction, movable
from genlab_vae.importance_weighted import ImportanceWeighted
from genlab_vae.weight_gradient import WeightGradient
from genlab_vae.weight_gradients import Reparameterized, log_weights

if TYPE_CHECKING:
    from genlab.assembly import Assembly
    from genlab.testing.subject import Subject

_COPIES, _ESTIMATES = 64, 24


@check("gradient")
def a_gradient_leaves_the_weights_as_they_are(subject: "Subject") -> None:
    """The log weights are log p(x, z) - log q(z given x), whatever gradient flows through them."""
    gradient, assembly, batch = _scene(subject)
    posterior = assembly.family.posterior(batch.x)
    z = posterior.rsample(3, generator=subject.generator(assembly))
    own, plain = (
        weights.detach()
        for weights in (
            gradient.log_weights(assembly.model, posterior, batch.x, z),
            log_weights(assembly.model, posterior, batch.x, z),
        )
    )
    claim_close(own, plain, "the log weights")


@check("gradient")
def the_mean_gradient_is_that_of_the_bound(subject: "Subject") -> None:
    """Along random directions in the parameters, the mean gradient is the derivative of the bound.

    It is asked of one weight, and where the gradient says that it is unbiased, of three.
    """
    gradient, assembly, batch = _scene(subject)
    parameters = movable(assembly.model, assembly.family)
    along = [direction(parameters, seed) for seed in range(2)]
    for samples in (1, 3) if gradient.unbiased else (1,):
        own, plain = (
            _slopes(subject, assembly, batch, ImportanceWeighted(samples=samples, gradient=Part(kind)), along)
            for kind in (type(gradient), Reparameterized)
        )
        se = plain.std(0) / len(plain) ** 0.5
        claim_mean(own, plain.mean(0), f"the slope of the bound of {samples} weights", expected_se=se)


def _scene(subject: "Subject") -> tuple[WeightGradient, "Assembly", Batch]:
    gradient, assembly = subject.part(), subject.assembly()
    needed(isinstance(gradient, WeightGradient), "it is no gradient of genlab_vae")
    batch = subject.batch(assembly, 3, whole=True)
    needed(assembly.family.posterior(batch.x).reparameterized, "q has no reparameterized draw")
    return gradient, assembly, batch


def _slopes(
    subject: "Subject",
    assembly: "Assembly",
    batch: Batch,
    estimator: ImportanceWeighted,
    along: list[tuple[Tensor, ...]],
) -> Tensor:
    """Return derivatives of estimates of the bound along every direction, `(estimates, directions)`."""
    parameters = movable(assembly.model, assembly.family)
    tiled = Batch(batch.x.repeat(_COPIES, *[1] * (batch.x.ndim - 1)), batch.num_data)
    # Different noise for each kind, for the two means are compared as independent.
    first = 0 if isinstance(estimator.gradient, Reparameterized) else 1000
    rows = []
    for seed in range(first, first + _ESTIMATES):
        generator = subject.generator(assembly, seed)
        bound = estimator.estimate(assembly.model, assembly.family, tiled, generator=generator).elbo(len(batch.x))
        gradients = torch.autograd.grad(bound, parameters, allow_unused=True)
        dots = [
            torch.stack([(own * to).sum() for own, to in zip(gradients, one, strict=True) if own is not None]).sum()
            for one in along
        ]
        rows.append(torch.stack(dots))
    return torch.stack(rows)
