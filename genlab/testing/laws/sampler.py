"""Laws of samplers: what a draw is, and where its randomness comes from. What law it follows is `marginal`'s."""

import torch

from genlab.assembly import Assembly
from genlab.interfaces import Draws
from genlab.testing.check import CannotRun, check
from genlab.testing.claims import UNLIKELY, claim, claim_equal, claim_finite, claim_tensor, claim_values, needed
from genlab.testing.examples import examples, seeds
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.snapshot import parts_unchanged
from genlab.testing.subject import Subject

_NUM_CALLS, _PER_CALL = 200, 16


def drawn(subject: Subject, assembly: Assembly, num_draws: int, *, seed: int = 0, trajectory: bool = False) -> Draws:
    """Draw with a subject's sampler, as a run does: in evaluation mode and without gradients."""
    assert assembly.sampler is not None
    assembly.model.eval()
    assembly.family.eval()
    generator = subject.generator(assembly, seed)
    with torch.no_grad():
        return assembly.sampler.draw(assembly.model, num_draws, generator=generator, trajectory=trajectory)


@check("sampler")
def draws_have_the_shape_of_observations(subject: Subject) -> None:
    """Draws have shape `(num_draws, *X)`, and are in the precision and on the device of the model.

    A float32 where float64 is wanted comes from a tensor made without `dtype=`; the same holds for `device=`.
    """
    for dtype in (torch.float64, torch.float32):
        assembly = subject.assembly(dtype=dtype)
        like = torch.zeros((), dtype=dtype, device=assembly.accelerator.device)
        for num_draws in (1, 3):
            x = drawn(subject, assembly, num_draws).x
            claim_tensor(x, f"{num_draws} draws", like=like, shape=(num_draws, *assembly.data.spec.event_shape))


@check("sampler")
def draws_are_values_the_data_can_take(subject: Subject) -> None:
    """Draws are finite, and integers 0..L-1 where the data have L levels.

    A sampler that shows means instead of draws fails this by design: say so as an expected failure.
    """
    assembly = subject.assembly()
    claim_values(drawn(subject, assembly, 64).x, assembly.data.spec.levels, "a draw")


@check("sampler")
def labels_are_classes_of_the_data(subject: Subject) -> None:
    """Where draws say which class each is of, there is an int64 label for each, one of the data's classes."""
    assembly = subject.assembly()
    draws = drawn(subject, assembly, 7)
    if draws.y is None:
        raise CannotRun("the draws are of no chosen classes")
    claim_tensor(draws.y, "the labels", like=torch.zeros((), dtype=torch.int64).to(draws.x.device), shape=(7,))
    claim_values(draws.y, assembly.data.spec.num_classes or 0, "a label")


@check("sampler")
def same_generator_same_draws(subject: Subject) -> None:
    """Generators of one seed give the same draws to the last bit, and generators of different seeds different ones.

    Draws that differ come from a second source of randomness, such as torch's global generator; draws that never
    differ do not read the generator they are given.
    """
    assembly = subject.assembly()

    @examples(5, seed=seeds)
    def holds(seed: int) -> None:
        scramble_global_generators(seed)
        first = drawn(subject, assembly, 8, seed=seed).x
        scramble_global_generators(seed + 1)
        claim_equal(drawn(subject, assembly, 8, seed=seed).x, first, "a draw with a generator of the same seed")
        again = drawn(subject, assembly, 8, seed=seed), drawn(subject, assembly, 8, seed=seed + 1)
        if assembly.data.spec.levels is None:
            claim(not torch.equal(again[0].x, again[1].x), "generators of different seeds must give different draws")

    holds()
    several = torch.stack([drawn(subject, assembly, 32, seed=seed).x for seed in range(8)])
    claim(bool((several != several[:1]).any()), "the draws must depend on the generator, got the same for 8 seeds")


@check("sampler")
def drawing_leaves_the_global_generators_alone(subject: Subject) -> None:
    """Drawing takes nothing from the global generators of Python, numpy and torch, and does not seed them."""
    assembly = subject.assembly()
    with global_generators_untouched("drawing"):
        drawn(subject, assembly, 5)


@check("sampler")
def drawing_changes_nothing(subject: Subject) -> None:
    """Drawing leaves every parameter and buffer of model and family as it was, and their training mode too."""
    assembly = subject.assembly()
    assembly.model.eval()
    assembly.family.eval()
    with parts_unchanged(assembly, "drawing"):
        drawn(subject, assembly, 5, trajectory=True)


@check("sampler")
def draws_of_one_call_are_independent(subject: Subject) -> None:
    """Draws of one call are as independent as draws of several, so that drawing in chunks does not change their law.

    If the mean of n draws varies more than 1/n of a draw's variance, the call draws something once that each draw
    needs anew (the weights of a mixture, say); if less, its draws avoid each other.
    """
    assembly = subject.assembly()
    calls = torch.stack([drawn(subject, assembly, _PER_CALL, seed=seed).x.flatten(1) for seed in range(_NUM_CALLS)])
    of_draws, of_means = calls.flatten(0, 1).var(0), calls.mean(1).var(0)
    varies = of_draws > 1e-12 * (1 + calls.abs().max() ** 2)
    needed(bool(varies.any()), "every draw of the setting is the same")
    ratios = _PER_CALL * of_means[varies] / of_draws[varies]
    worst = ratios[(ratios - 1).abs().argmax()].item()
    # The variance of 200 nearly normal means has a relative standard error of sqrt(2 / 199).
    allowed = UNLIKELY * (2 / (_NUM_CALLS - 1)) ** 0.5
    claim(
        abs(worst - 1) < allowed,
        f"the mean of {_PER_CALL} draws must have 1/{_PER_CALL} of a draw's variance, got {worst:.3g} times that "
        f"over {_NUM_CALLS} calls; chance allows {1 - allowed:.2f} to {1 + allowed:.2f}",
    )


@check("sampler")
def a_trajectory_leads_to_the_draws(subject: Subject) -> None:
    """Asking for a trajectory does not change the draws; it has shape `(frames, num_draws, *X)` and ends at them.

    Where the data have levels, the last frame may be the draw before it is put on a level.
    """
    assembly = subject.assembly()
    plain, with_path = drawn(subject, assembly, 4), drawn(subject, assembly, 4, trajectory=True)
    claim(plain.trajectory is None, "there must be no trajectory unless it is asked for")
    claim_equal(with_path.x, plain.x, "a draw with its trajectory")
    needed(with_path.trajectory is not None, "the sampler has no trajectory")
    path, spec = with_path.trajectory, assembly.data.spec
    assert path is not None
    claim(
        path.ndim == with_path.x.ndim + 1 and path.shape[1:] == with_path.x.shape,
        f"a trajectory must have shape (frames, {', '.join(map(str, with_path.x.shape))}), got {tuple(path.shape)}",
    )
    claim_finite(path, "a trajectory")
    last = path[-1] if spec.levels is None else path[-1].round().clamp(0, spec.levels - 1)
    claim_equal(last, with_path.x, "the last frame of a trajectory")
