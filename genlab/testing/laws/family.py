"""Laws of a variational family: what it draws is what its density says, and it draws from its generator alone."""

import torch

from genlab.testing.check import check
from genlab.testing.claims import claim, claim_equal
from genlab.testing.examples import batch_sizes, examples, num_samples, seeds
from genlab.testing.latents import tensors
from genlab.testing.laws.model import claim_factors
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.scene import scene_of
from genlab.testing.subject import Subject


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
def same_generator_same_draw(subject: Subject) -> None:
    """Two draws with equal generators are equal to the last bit, and other generators give other draws.

    It fails where the global generator has a say: draw base noise from `generator` and transform it.
    """
    scene = scene_of(subject)

    def draw(seed: int) -> dict[str, torch.Tensor]:
        return tensors(scene.posterior.sample(2, generator=subject.generator(scene.assembly, seed)))

    with global_generators_untouched("sample"):
        first = draw(0)
    scramble_global_generators(1)
    again, other = draw(0), draw(1)
    for place, tensor in first.items():
        claim_equal(again[place], tensor, f"z{place and '.' + place} drawn again with an equal generator")
    differs = any(not torch.equal(first[place], other[place]) for place in first)
    claim(differs, "draws with another generator must differ, got the same")
