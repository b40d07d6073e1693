"""Laws of samplers that reconstruct: from x to latents, and from these to x again."""

from dataclasses import replace

import torch
from torch import Tensor

from genlab.assembly import Assembly, with_sampler
from genlab.errors import RecipeError, UsageError
from genlab.interfaces import InvertibleSampler, ReconstructingSampler
from genlab.recipe import check as check_recipe
from genlab.recipe.signature import signature_of
from genlab.testing.check import CannotRun, check
from genlab.testing.claims import claim, claim_close, claim_equal, claim_tensor, claim_values, needed
from genlab.testing.randomness import global_generators_untouched
from genlab.testing.subject import Subject

_NUM = 8
_FINER = 4
_LEAST_GAIN = 2.0
"""Four times the steps must halve the error at least: a method of order 1 divides it by four, nearly."""
_ROUNDING = 1e-9
_NEAR = 0.05
"""As a share of how far observations are from their mean."""


@check("sampler")
def latents_lead_to_one_observation(subject: Subject) -> None:
    """`draw_from` is a function: latents that were found for observations lead to the same values, whenever asked.

    What they lead to has the shape of observations; where the sampler's draws are a function of latents, it has values
    the data can take. Going there and back takes nothing from the global generators.
    """
    assembly = _in_evaluation(subject)
    sampler, x = _reconstructing(assembly), subject.batch(assembly, _NUM).x
    with global_generators_untouched("going there and back"):
        latents = _found(subject, assembly, x)
        led = sampler.draw_from(assembly.model, latents)
    claim_tensor(led, "what latents lead to", like=x, shape=tuple(x.shape))
    levels = assembly.data.spec.levels if isinstance(sampler, InvertibleSampler) else None
    claim_values(led, levels, "what latents lead to")
    claim_equal(sampler.draw_from(assembly.model, latents), led, "what the same latents lead to again")
    claim_equal(_found(subject, assembly, x), latents, "latents that a generator of the same seed finds")


@check("sampler")
def the_way_between_latents_ends_at_them(subject: Subject) -> None:
    """`between` gives the first latents at share 0 and the second at share 1, and others of their shape half way."""
    assembly = _in_evaluation(subject)
    sampler, x = _reconstructing(assembly), subject.batch(assembly, _NUM).x
    first, second = _found(subject, assembly, x).chunk(2)
    for share, end in ((0.0, first), (1.0, second)):
        claim_close(sampler.between(first, second, share), end, f"the latents at share {share:g}", atol=1e-6)
    claim_tensor(sampler.between(first, second, 0.5), "the latents half way", like=first, shape=tuple(first.shape))


@check("sampler")
def going_back_and_down_again_finds_x(subject: Subject) -> None:
    """For real x, what an invertible sampler finds leads back to x, the nearer the more `steps` there are.

    Four times the setting's steps must at least halve the error, and bring it below a twentieth of the spread of x. An
    error that stays is a rule that is not undone: a wrong coefficient, a timestep that one of the two ways leaves out.
    It runs where the sampler has a key `steps` that can be raised so far. Where the data have levels, draws are
    rounded and many latents lead to one x.
    """
    assembly = _in_evaluation(subject)
    needed(isinstance(assembly.sampler, InvertibleSampler), "the sampler does not promise to find x again")
    needed(assembly.data.spec.levels is None, "the data have levels, to which draws are rounded")
    steps = _steps(subject)
    x = subject.batch(assembly, _NUM).x
    coarse, fine = (_error(subject, _with_steps(subject, assembly, number), x) for number in (steps, _FINER * steps))
    spread = (x - x.mean(0)).square().mean().sqrt().item()
    shrinks = max(coarse / _LEAST_GAIN, _ROUNDING * spread)
    errors = f"{fine:.3g} with {_FINER * steps} steps and {coarse:.3g} with {steps}"
    claim(fine <= shrinks, f"the error of going there and back must fall to half with more steps, got {errors}")
    claim(fine <= _NEAR * spread, f"going there and back must come near x, which spreads by {spread:.3g}, got {errors}")


def _error(subject: Subject, assembly: Assembly, x: Tensor) -> float:
    led = _reconstructing(assembly).draw_from(assembly.model, _found(subject, assembly, x))
    return (led - x).square().mean().sqrt().item()


def _in_evaluation(subject: Subject) -> Assembly:
    assembly = subject.assembly()
    assembly.model.eval()
    assembly.family.eval()
    return assembly


def _reconstructing(assembly: Assembly) -> ReconstructingSampler:
    if not isinstance(assembly.sampler, ReconstructingSampler):
        raise CannotRun("the sampler does not go back from x")
    return assembly.sampler


def _found(subject: Subject, assembly: Assembly, x: Tensor) -> Tensor:
    generator = subject.generator(assembly)
    try:
        with torch.no_grad():
            return _reconstructing(assembly).find_latents(assembly.model, assembly.family, x, generator=generator)
    except UsageError as error:
        raise CannotRun(f"with these keys it does not go back from x: {error}") from error


def _steps(subject: Subject) -> int:
    """Return the number of steps in the setting."""
    keys = {key.name: key.default for key in signature_of(subject.part.target).keys} | dict(subject.part.keys)
    if not isinstance(keys.get("steps"), int):
        raise CannotRun("the sampler has no number of 'steps'")
    return int(keys["steps"])


def _with_steps(subject: Subject, assembly: Assembly, steps: int) -> Assembly:
    """Return the assembly with a sampler of so many steps."""
    recipe = subject.setting.checked.recipe
    finer = replace(recipe, tables={**recipe.tables, "sampler": {**recipe.tables["sampler"], "steps": steps}})
    try:
        return with_sampler(assembly, check_recipe(finer, subject.setting.registry))
    except RecipeError as error:
        raise CannotRun(f"the setting does not let the sampler take {steps} steps") from error
