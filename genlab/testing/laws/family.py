"""Laws of a variational family: what it draws is what its density says, and it draws from its generator alone."""

from typing import Any

import torch
from torch import Tensor

from genlab.interfaces import Posterior
from genlab.testing.check import check
from genlab.testing.claims import claim, claim_close, claim_equal, claim_finite, claim_mean, needed
from genlab.testing.derivatives import claim_gradient, direction, movable, shifted
from genlab.testing.examples import batch_sizes, examples, num_samples, seeds
from genlab.testing.integration import grid_around, log_total, shown_total
from genlab.testing.latents import tensors
from genlab.testing.laws.model import claim_factors, is_one_tensor, total
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.scene import Scene, scene_of
from genlab.testing.subject import Subject

_DRAWS = 4000
_STEP = 1e-4
_ONE = 1e-4
_FAR = 50.0


@check("family")
def draws_have_the_form_the_model_takes(subject: Subject) -> None:
    """`sample` draws S values of z, without gradient, that `log_joint` and `log_prob` take; all begin with S.

    The names of the two sets of factors must differ, because both become rows of one ledger.
    """
    assembly = subject.assembly()

    @examples(size=batch_sizes, samples=num_samples, seed=seeds)
    def holds(size: int, samples: int, seed: int) -> None:
        scene = scene_of(subject, size, samples, seed=seed, assembly=assembly)
        with torch.enable_grad():
            drawn = assembly.family.posterior(scene.x).sample(samples, generator=subject.generator(assembly, seed))
        for place, tensor in tensors(drawn).items():
            claim(len(tensor) == samples, f"{_z(place)} must begin with {samples} draws, got {tuple(tensor.shape)}")
            claim(not tensor.requires_grad, f"{_z(place)} must carry no gradient where it is drawn by sample")
        log_p, log_q = assembly.model.log_joint(scene.x, drawn), scene.posterior.log_prob(drawn)
        shared = sorted(log_p.keys() & log_q.keys())
        claim(not shared, f"the factors of model and posterior must have names of their own, got {shared} in both")

    holds()


@check("family")
def log_prob_gives_one_number_for_each_draw(subject: Subject) -> None:
    """`log_prob` returns named tensors, `(S, B)` or `(S,)`, in the precision and on the device of x."""
    _claim_factors_in(subject, torch.float64)
    _claim_factors_in(subject, torch.float32)


def _claim_factors_in(subject: Subject, dtype: torch.dtype) -> None:
    assembly = subject.assembly(dtype=dtype)

    @examples(size=batch_sizes, samples=num_samples, seed=seeds)
    def holds(size: int, samples: int, seed: int) -> None:
        scene = scene_of(subject, size, samples, seed=seed, dtype=dtype, assembly=assembly)
        claim_factors(scene.posterior.log_prob(scene.z), scene.x, samples, "log_prob")

    holds()


@check("family")
def log_prob_is_finite(subject: Subject) -> None:
    """Every factor of log q(z given x) is finite at the family's own draws."""
    for dtype in (torch.float64, torch.float32):
        scene = scene_of(subject, 4, 64, dtype=dtype)
        for name, value in scene.posterior.log_prob(scene.z).items():
            claim_finite(value, f"the factor {name!r} in {dtype}")


@check("family")
def same_generator_same_draw(subject: Subject) -> None:
    """Two draws with equal generators are equal to the last bit, and other generators give other draws.

    It fails where the global generator has a say: draw base noise from `generator` and transform it.
    """
    scene = scene_of(subject)
    for name in _ways(scene.posterior):

        def draw(seed: int, name: str = name) -> dict[str, Tensor]:
            way = getattr(scene.posterior, name)
            return tensors(way(2, generator=subject.generator(scene.assembly, seed)))

        with global_generators_untouched(name):
            first = draw(0)
        scramble_global_generators(1)
        again, other = draw(0), draw(1)
        for place, tensor in first.items():
            claim_equal(again[place], tensor, f"{_z(place)} drawn again by {name} with an equal generator")
        differs = any(not torch.equal(first[place], other[place]) for place in first)
        claim(differs, f"draws by {name} with another generator must differ, got the same")


@check("family")
def posterior_changes_nothing_in_place(subject: Subject) -> None:
    """Neither drawing from q nor evaluating it changes x, and `log_prob` leaves z as it was."""
    scene = scene_of(subject)
    x, z = scene.x.clone(), scene.z_copy()
    posterior = scene.family.posterior(scene.x)
    for name in _ways(posterior):
        getattr(posterior, name)(2, generator=subject.generator(scene.assembly))
    posterior.log_prob(scene.z)
    claim_equal(scene.x, x, "x after posterior, sample and log_prob")
    for place, tensor in tensors(z).items():
        claim_equal(tensors(scene.z)[place], tensor, f"{_z(place)} after log_prob")


@check("family")
def posteriors_do_not_see_each_other(subject: Subject) -> None:
    """A local factor of q for one observation is the same in whatever batch it stands, and in whatever order."""
    for training in (True, False):
        assembly = subject.assembly()
        assembly.family.train(training)
        scene = scene_of(subject, 4, assembly=assembly)
        whole = scene.posterior.log_prob(scene.z)
        for indices in (torch.tensor([2]), torch.tensor([3, 0]), torch.tensor([3, 1, 0, 2])):
            part = scene.family.posterior(scene.x[indices]).log_prob(scene.z_of(indices))
            mode = "in training" if training else "in evaluation"
            for name, value in whole.items():
                wanted = value[:, indices] if value.ndim == 2 else value
                claim_close(part[name], wanted, f"the factor {name!r} of observations {indices.tolist()} {mode}")


@check("family")
def posterior_has_probability_one(subject: Subject) -> None:
    """The density of q integrates to one over all z.

    It runs where z is a tensor of one or two real numbers an observation. The log of the total says which constant is
    missing.
    """
    scene = scene_of(subject, num_samples=256)
    needed(is_one_tensor(scene), "z is no single tensor of real numbers, one for each observation")
    posterior = scene.family.posterior(scene.x[:1])

    def log_density(z: Tensor) -> Tensor:
        return torch.stack([value[:, 0] for value in posterior.log_prob(z.unsqueeze(1)).values()]).sum(0)

    log_sum = log_total(grid_around(scene.z[:, 0]), log_density)
    claim(abs(log_sum) < _ONE, f"q must integrate to 1, got {shown_total(log_sum)}, whose log is {log_sum:.4g}")


@check("family")
def scores_average_to_zero(subject: Subject) -> None:
    """The mean over draws of the derivative of log q(z) is zero, in every parameter of the family and in x.

    It is zero for every density, E_q[d log q / d theta] = 0, and it is not where draws follow another law than
    `log_prob` says (a wrong variance), or where `log_prob` lacks a constant that depends on the parameters.
    """
    scene = scene_of(subject)
    moved: dict[str, list[Tensor]] = {"x": [scene.x]}
    moved |= {name: [value] for name, value in scene.family.named_parameters() if value.requires_grad}
    telling = False
    for name in _ways(scene.posterior):
        z = _draw(subject, scene, name)
        for what, place in moved.items():
            scores = _scores(scene, z, place)
            telling = telling or bool((scores != 0).any())
            claim_mean(scores, 0.0, f"the derivative of log q along a random direction in {what}, z drawn by {name},")
    needed(telling, "q depends neither on parameters nor on x")


@check("family")
def draws_follow_the_density(subject: Subject) -> None:
    """Draws have the moments that the slope of log q demands: E[d log q / dz] = 0 and E[(z - c) d log q / dz] = -1.

    These hold for every smooth density on all real numbers (integrate by parts). It runs where z is one tensor.
    """
    scene = scene_of(subject, 2)
    needed(is_one_tensor(scene), "z is no single tensor of real numbers, one for each observation")
    for name in _ways(scene.posterior):
        z = _draw(subject, scene, name).detach().requires_grad_()
        far = z.detach() + _FAR * z.detach().std(0)
        needed(
            bool(torch.isfinite(total(scene.posterior.log_prob(far)))),
            "the density of q is zero somewhere, so the integral has a border",
        )
        log_q = total(scene.posterior.log_prob(z))
        needed(log_q.requires_grad, "log_prob is not differentiable in z")
        (slope,) = torch.autograd.grad(log_q, z)
        claim_mean(slope, 0.0, f"d log q / dz, z drawn by {name},")
        centered = z.detach() - z.detach()[:64].mean(0)
        product = (centered * slope)[64:]
        claim_mean(product, -1.0, f"(z - c) d log q / dz, z drawn by {name}, which is -1 where variances agree,")


@check("family")
def draws_have_the_right_gradient(subject: Subject) -> None:
    """The gradient of `rsample` in the family's parameters, or in x where it has none, is that of finite differences.

    It fails where something is detached on the way from the parameters to the draw.
    """
    scene = scene_of(subject)
    needed(scene.posterior.reparameterized, "q has no reparameterized draw")
    x = scene.x.clone()
    inputs: tuple[Tensor, ...] = movable(scene.family) or (x.requires_grad_(),)

    def projection() -> Tensor:
        z = scene.family.posterior(x).rsample(2, generator=subject.generator(scene.assembly))
        parts = list(tensors(z).values())
        weights = direction(parts, seed=0)
        return torch.stack([(part * weight).sum() for part, weight in zip(parts, weights, strict=True)]).sum()

    claim_gradient(projection, inputs, "a draw by rsample")


def _ways(posterior: Posterior) -> tuple[str, ...]:
    return ("sample", "rsample") if posterior.reparameterized else ("sample",)


def _draw(subject: Subject, scene: Scene, way: str) -> Any:
    with torch.no_grad():
        return getattr(scene.posterior, way)(_DRAWS, generator=subject.generator(scene.assembly, 3))


def _scores(scene: Scene, z: Any, place: list[Tensor]) -> Tensor:
    """Return the derivative of log q(z) along a random direction in some tensors, one for each draw, `(S,)`."""
    along = direction(place, seed=1)
    values = []
    for step in (_STEP, -_STEP):
        with shifted(place, along, step), torch.no_grad():
            factors = scene.family.posterior(scene.x).log_prob(z)
            values.append(torch.stack([value.flatten(1).sum(1) for value in map(_column, factors.values())]).sum(0))
    return (values[0] - values[1]) / (2 * _STEP)


def _column(value: Tensor) -> Tensor:
    return value if value.ndim == 2 else value.unsqueeze(1)


def _z(place: str) -> str:
    return f"z.{place}" if place else "z"
