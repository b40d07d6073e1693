"""Laws of accelerators: the same numbers as the CPU in float32, up to what their precision allows."""

from typing import Any

import torch
from torch import Tensor, nn

from genlab.assembly import Assembly
from genlab.recipe import Recipe
from genlab.recipe.checking import check as check_recipe
from genlab.testing.assembled import assembled
from genlab.testing.check import check
from genlab.testing.claims import claim, claim_close, claim_equal
from genlab.testing.latents import mapped
from genlab.testing.subject import Subject

TOLERANCES = {"float32": 1e-4, "bfloat16": 5e-2}
"""How far a factor may be off, as a share of its largest magnitude, by the precision of the accelerator.

In float32 another order of summation moves a few of the last of 24 bits; a number in bfloat16 has 8 bits, and a network
of a few layers loses some of them.
"""


@check("accelerator")
def it_computes_what_the_cpu_computes(subject: Subject) -> None:
    """Every factor of log p and log q is that of the CPU in float32, within 0.01 % in float32 and 5 % in bfloat16.

    The tolerance is a share of the factor's largest magnitude in the batch. Both sides have the same parameters and the
    same z. What is further off is a fault of placing or of an operation, and not of rounding.
    """
    here, reference = subject.assembly(dtype=torch.float32, moved=False), _on_the_cpu(subject)
    batch = subject.batch(reference, min(4, len(reference.data.train)), dtype=torch.float32)
    z = reference.family.posterior(batch.x).sample(2, generator=torch.Generator().manual_seed(0))
    device = here.accelerator.device
    with torch.no_grad(), here.accelerator.autocast():
        found = _factors(here, batch.x.to(device), mapped(z, lambda _, tensor: tensor.to(device)))
    with torch.no_grad():
        expected = _factors(reference, batch.x, z)
    rtol = TOLERANCES[here.accelerator.precision]
    for name, value in expected.items():
        claim_close(found[name].cpu().float(), value, f"factor {name!r} on {device}", rtol=rtol, atol=rtol)


@check("accelerator")
def autocast_ends_with_its_context(subject: Subject) -> None:
    """Products inside `autocast` have the accelerator's precision, and after it, even by an exception, float32."""
    accelerator = subject.assembly(dtype=torch.float32).accelerator
    ones, kind = torch.ones(2, 2, device=accelerator.device), accelerator.device.type
    before = torch.is_autocast_enabled(kind)
    try:
        with accelerator.autocast():
            inside = (ones @ ones).dtype
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        after = (ones @ ones).dtype
    finally:
        torch.set_autocast_enabled(kind, before)  # for the checks that follow
    wanted = getattr(torch, accelerator.precision)
    claim(inside == wanted, f"products inside autocast must be {wanted}, got {inside}")
    claim(after == torch.float32, f"products after autocast must be float32, got {after}")


@check("accelerator")
def placing_keeps_every_value(subject: Subject) -> None:
    """A placed module is the same object on the accelerator's device: same parameters, same values, same modes."""
    accelerator = subject.assembly(dtype=torch.float32).accelerator
    module = _small_network()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    free = {name: parameter.requires_grad for name, parameter in module.named_parameters()}
    accelerator.place(module)
    after = module.state_dict()
    claim(list(after) == list(before), f"a placed module must keep its names {list(before)}, got {list(after)}")
    for name, value in before.items():
        claim(after[name].device == accelerator.device, f"{name} must be on {accelerator.device} when placed")
        claim_equal(after[name].cpu(), value, f"{name} when placed")
    now = {name: parameter.requires_grad for name, parameter in module.named_parameters()}
    claim(now == free, f"requires_grad must stay {free} when placed, got {now}")


@check("accelerator")
def generators_are_seeded_on_the_device(subject: Subject) -> None:
    """`generator(seed)` is a new generator on the device: one seed, one sequence."""
    accelerator = subject.assembly().accelerator

    def numbers(seed: int) -> Tensor:
        return torch.randn(4, generator=accelerator.generator(seed), device=accelerator.device)

    claim_equal(numbers(1), numbers(1), "a draw of the same seed")
    claim(not torch.equal(numbers(1), numbers(2)), "generators of different seeds must draw different numbers")


@check("accelerator")
def it_tells_what_it_is(subject: Subject) -> None:
    """It names its device and precision, its memory and its place among the processes; alone, it sums nothing."""
    accelerator = subject.assembly().accelerator
    claim(
        accelerator.precision in TOLERANCES,
        f"precision must be one of {list(TOLERANCES)}, got {accelerator.precision!r}",
    )
    claim(bool(accelerator.describe().strip()), "describe() must say what the device is, got nothing")
    accelerator.synchronize()
    peak = accelerator.peak_memory_bytes()
    claim(isinstance(peak, int) and peak >= 0, f"peak_memory_bytes() must be a number of bytes, got {peak!r}")
    claim(
        0 <= accelerator.rank < accelerator.world_size,
        f"rank must be 0..{accelerator.world_size - 1}, got {accelerator.rank}",
    )
    if accelerator.world_size == 1:
        tensor = torch.arange(3.0, device=accelerator.device)
        claim_equal(accelerator.all_reduce(tensor), torch.arange(3.0, device=accelerator.device), "a sum over one")


def _on_the_cpu(subject: Subject) -> Assembly:
    checked = subject.setting.checked
    tables = {**checked.resolved, "accelerator": {"use": "genlab:cpu", "precision": "float32"}}
    return assembled(check_recipe(Recipe.from_tables(tables), subject.setting.registry))


def _factors(assembly: Assembly, x: Tensor, z: Any) -> dict[str, Tensor]:
    return {**assembly.model.log_joint(x, z), **assembly.family.posterior(x).log_prob(z)}


def _small_network() -> nn.Module:
    """Return a module of everything a device may treat in its own way: an image layer, a frozen one, a constant."""
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(3, 2), nn.BatchNorm1d(2))
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator))
    module[2].requires_grad_(False)
    return module
