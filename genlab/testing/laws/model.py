"""Laws of a latent model p(x, z): its factors are log-densities, of each observation its own."""

import torch
from torch import Tensor

from genlab.testing.check import check
from genlab.testing.claims import claim, claim_close, claim_equal, claim_finite, claim_tensor, needed
from genlab.testing.derivatives import claim_gradient, movable
from genlab.testing.evidence import KnownEvidence
from genlab.testing.examples import batch_sizes, examples, num_samples, seeds
from genlab.testing.integration import all_x, grid_around, log_total, shown_total
from genlab.testing.latents import tensors
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.scene import Scene, scene_of
from genlab.testing.subject import Subject

_ONE = 1e-4
"""How far from 0 the log of a total probability may be, where it is a quadrature."""


@check("model")
def event_shape_is_that_of_the_data(subject: Subject) -> None:
    """`event_shape` is the shape of one observation."""
    assembly = subject.assembly()
    shape = assembly.data.spec.event_shape
    got = getattr(assembly.model, "event_shape", None)
    claim(got == shape, f"event_shape must be {shape}, the shape of one observation, got {got}")


@check("model")
def log_joint_gives_one_number_for_each_draw(subject: Subject) -> None:
    """`log_joint` returns named tensors, `(S, B)` or `(S,)`, in the precision and on the device of x.

    At least one factor must be local, `(S, B)`. A wrong shape is often a `sum` over one axis too many or too few; a
    wrong precision, a constant made without `dtype=x.dtype`.
    """
    _claim_factors_in(subject, torch.float64)
    _claim_factors_in(subject, torch.float32)


def _claim_factors_in(subject: Subject, dtype: torch.dtype) -> None:
    assembly = subject.assembly(dtype=dtype)

    @examples(size=batch_sizes, samples=num_samples, seed=seeds)
    def holds(size: int, samples: int, seed: int) -> None:
        scene = scene_of(subject, size, samples, seed=seed, dtype=dtype, assembly=assembly)
        claim_factors(scene.model.log_joint(scene.x, scene.z), scene.x, samples, "log_joint")

    holds()


@check("model")
def log_joint_is_finite(subject: Subject) -> None:
    """Every factor of log p(x, z) is finite, for x from the data and z from the family.

    The factor that is not is named: look for the logarithm of what may be 0, or for an overflow.
    """
    for dtype in (torch.float64, torch.float32):
        scene = scene_of(subject, _many(subject), 8, dtype=dtype)
        for name, value in scene.model.log_joint(scene.x, scene.z).items():
            claim_finite(value, f"the factor {name!r} in {dtype}")


@check("model")
def log_joint_is_a_function(subject: Subject) -> None:
    """`log_joint` gives the same numbers whenever it is called with the same x and z, and draws nothing at random."""
    scene = scene_of(subject)
    with global_generators_untouched("log_joint"):
        first = scene.model.log_joint(scene.x, scene.z)
    scramble_global_generators(1)
    again = scene.model.log_joint(scene.x, scene.z)
    for name, value in first.items():
        claim_equal(again[name], value, f"the factor {name!r}, computed again,")


@check("model")
def log_joint_changes_nothing_in_place(subject: Subject) -> None:
    """`log_joint` leaves x and z as they were."""
    scene = scene_of(subject)
    x, z = scene.x.clone(), scene.z_copy()
    scene.model.log_joint(scene.x, scene.z)
    claim_equal(scene.x, x, "x after log_joint")
    for place, tensor in tensors(z).items():
        claim_equal(tensors(scene.z)[place], tensor, f"z{place and '.' + place} after log_joint")


@check("model")
def observations_do_not_see_each_other(subject: Subject) -> None:
    """A local factor of one observation is the same in whatever batch it stands, and in whatever order.

    It fails for batch normalization in training, and wherever a mean is taken over the batch.
    """
    for training in (True, False):
        assembly = subject.assembly()
        assembly.model.train(training)
        scene = scene_of(subject, 4, assembly=assembly)
        whole = scene.model.log_joint(scene.x, scene.z)
        for indices in (torch.tensor([2]), torch.tensor([3, 0]), torch.tensor([3, 1, 0, 2])):
            part = scene.model.log_joint(scene.x[indices], scene.z_of(indices))
            mode = "in training" if training else "in evaluation"
            for name, value in whole.items():
                wanted = value[:, indices] if value.ndim == 2 else value
                claim_close(part[name], wanted, f"the factor {name!r} of observations {indices.tolist()} {mode}")


@check("model")
def log_joint_has_the_right_gradient(subject: Subject) -> None:
    """The gradient of log p(x, z) in the model's parameters is the one that finite differences give.

    It fails where something is detached on the way, and where a hand-written backward is wrong.
    """
    scene = scene_of(subject)
    parameters = movable(scene.model)
    needed(bool(parameters), "the model has no parameters that training moves")
    claim_gradient(lambda: total(scene.factors()), parameters, "log p(x, z)")


@check("model")
def all_x_have_probability_one(subject: Subject) -> None:
    """The factors that depend on x sum to one over all x, or integrate to one, whatever z is.

    It runs where x takes at most 4,096 values, or is one or two real numbers, and where some factor does not depend on
    x. A total other than one is often a dropped constant: the log of the total says which.
    """
    scene = scene_of(subject)
    points = all_x(scene.assembly.data.spec, scene.x)
    names = names_of_x(scene)
    needed(bool(names), "no factor depends on x")
    needed(len(names) < len(scene.factors()), "every factor depends on x, so p(x given z) does not stand apart")
    for example in (0, 1):

        def log_density(x: Tensor, example: int = example) -> Tensor:
            z = scene.z_of(torch.full((len(x),), example))
            factors = scene.model.log_joint(x, z)
            return torch.stack([factors[name][0] for name in names]).sum(0)

        _claim_one(log_total(points, log_density), f"exp({' + '.join(names)}) over all x")


@check("model")
def all_z_have_probability_one(subject: Subject) -> None:
    """The factors that do not depend on x integrate to one over all z.

    It runs where z is a tensor of one or two real numbers an observation. A total other than one is often a dropped
    constant: the log of the total says which.
    """
    scene = scene_of(subject, num_samples=256)
    needed(is_one_tensor(scene), "z is no single tensor of real numbers, one for each observation")
    factors = scene.factors()
    names = [name for name in factors if name not in names_of_x(scene) and factors[name].ndim == 2]
    needed(bool(names), "every factor depends on x, so p(z) does not stand apart")
    x = scene.x[:1]

    def log_density(z: Tensor) -> Tensor:
        here = scene.model.log_joint(x, z.unsqueeze(1))
        return torch.stack([here[name][:, 0] for name in names]).sum(0)

    _claim_one(log_total(grid_around(scene.z[:, 0]), log_density), f"exp({' + '.join(names)}) over all z")


@check("model")
def log_evidence_is_the_integral_of_the_joint(subject: Subject) -> None:
    """`log_evidence(x)`, where the model has it, is the log of the integral of p(x, z) over all z.

    It runs where z is a tensor of one or two real numbers an observation. One of the two is wrong, or was forgotten
    when the other changed.
    """
    scene = scene_of(subject, num_samples=256)
    model = scene.model
    needed(isinstance(model, KnownEvidence), "the model does not know its evidence: it has no method log_evidence")
    assert isinstance(model, KnownEvidence)
    needed(is_one_tensor(scene), "z is no single tensor of real numbers, one for each observation")
    needed(all(value.ndim == 2 for value in scene.factors().values()), "log p(x, z) has factors of all observations")
    x = scene.x[:1]

    def log_density(z: Tensor) -> Tensor:
        return torch.stack([value[:, 0] for value in scene.model.log_joint(x, z.unsqueeze(1)).values()]).sum(0)

    known, integral = model.log_evidence(x).item(), log_total(grid_around(scene.z[:, 0]), log_density)
    claim(
        abs(known - integral) < _ONE, f"log_evidence must be {integral:.6g}, the log of the integral, got {known:.6g}"
    )


def _claim_one(log_sum: float, what: str) -> None:
    claim(abs(log_sum) < _ONE, f"{what} must sum to 1, got {shown_total(log_sum)}, whose log is {log_sum:.4g}")


def names_of_x(scene: Scene) -> list[str]:
    """Return the names of the local factors that depend on x."""
    other = scene.model.log_joint(scene.x.flip(0), scene.z)
    return [name for name, value in scene.factors().items() if value.ndim == 2 and not torch.equal(other[name], value)]


def is_one_tensor(scene: Scene) -> bool:
    """Whether z is a single local tensor of real numbers, `(S, B, *Z)`."""
    return isinstance(scene.z, Tensor) and scene.z.is_floating_point() and scene.places == {""}


def claim_factors(factors: object, x: Tensor, samples: int, what: str) -> None:
    """Raise unless these are named factors of a batch x, for S draws of z."""
    claim(isinstance(factors, dict) and bool(factors), f"{what} must return a dict of named factors, got {factors!r}")
    assert isinstance(factors, dict)
    for name, value in factors.items():
        claim(isinstance(name, str), f"{what} must name its factors by strings, got {name!r}")
        shape = (samples,) if isinstance(value, Tensor) and value.ndim == 1 else (samples, len(x))
        claim_tensor(value, f"the factor {name!r} of {what}", like=x, shape=shape)


def total(factors: dict[str, Tensor]) -> Tensor:
    """Return the sum of all factors over draws and observations, `()`."""
    return torch.stack([value.sum() for value in factors.values()]).sum()


def _many(subject: Subject) -> int:
    return min(16, len(subject.assembly().data.train))
