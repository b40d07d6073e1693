"""Laws of the parts that estimators of the bound own: objectives, gradients. The conformance kit alone imports them."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genlab.interfaces import Batch, Part
from genlab.testing.check import CannotRun, check
from genlab.testing.claims import claim, claim_close, claim_finite, claim_mean, needed
from genlab.testing.derivatives import direction, movable
from genlab_vae.importance_weighted import ImportanceWeighted
from genlab_vae.model import VAE
from genlab_vae.objective import Objective
from genlab_vae.weight_gradient import WeightGradient
from genlab_vae.weight_gradients import Reparameterized, log_weights

if TYPE_CHECKING:
    from genlab.assembly import Assembly
    from genlab.testing.subject import Subject

_COPIES, _ESTIMATES = 64, 24


@check("objective")
def the_divergence_has_a_cost(subject: "Subject") -> None:
    """What the divergence costs is one number, finite, and does not fall where the divergence grows.

    An objective without a surrogate's name is the bound: the cost is the divergence.
    """
    objective = _objective(subject)
    kl = torch.rand((4, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    for step in (None, 0, 7):
        cost = objective.divergence_cost(kl, step)
        claim(cost.shape == (), f"the cost must be one number, got the shape {tuple(cost.shape)}")
        claim_finite(cost.detach(), "the cost")
        (slopes,) = torch.autograd.grad(cost, kl)
        claim(
            bool((slopes >= 0).all()), f"the cost must not fall as the divergence grows, got slopes {slopes.tolist()}"
        )
        if objective.surrogate is None:
            claim_close(cost.detach(), kl.detach().sum(1).mean(), "the cost in the bound")


@check("objective")
def outside_training_the_cost_is_that_of_its_end(subject: "Subject") -> None:
    """Without a step, the cost is what it is after very many: an evaluation says the same whenever it is made."""
    objective = _objective(subject)
    kl = torch.rand((4, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    cost, last = objective.divergence_cost(kl, None), objective.divergence_cost(kl, 10**12)
    claim_close(cost, last, "the cost without a step, against the last one's")


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


def _objective(subject: "Subject") -> Objective:
    objective = subject.part() if isinstance(subject.assembly().model, VAE) else None
    if not isinstance(objective, Objective):
        raise CannotRun("it is no objective of genlab_vae")
    return objective


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
