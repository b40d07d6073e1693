"""What the parts of an assembly hold, so that a check can tell whether it was changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from genlab.assembly import Assembly
from genlab.testing.claims import claim, claim_equal


def held(assembly: Assembly) -> dict[str, Tensor]:
    """Return copies of all parameters and buffers of model and family, by name."""
    found: dict[str, Tensor] = {}
    for part, module in (("model", assembly.model), ("family", assembly.family)):
        found |= {f"{part}.{name}": value.detach().clone() for name, value in module.named_parameters()}
        found |= {f"{part}.{name}": value.detach().clone() for name, value in module.named_buffers()}
    return found


def constants(assembly: Assembly) -> frozenset[str]:
    """Return the names, as `held` has them, of what training must not move: frozen parameters, buffers not saved."""
    names: set[str] = set()
    for part, module in (("model", assembly.model), ("family", assembly.family)):
        saved = module.state_dict()
        names |= {f"{part}.{name}" for name, value in module.named_parameters() if not value.requires_grad}
        names |= {f"{part}.{name}" for name, _ in module.named_buffers() if name not in saved}
    return frozenset(names)


def claim_same(found: dict[str, Tensor], before: dict[str, Tensor], what: str) -> None:
    """Raise unless two snapshots are the same to the last bit.

    Args:
        found, before: as `held` returns them.
        what: completes "model.weight WHAT".
    """
    claim(found.keys() == before.keys(), f"the same tensors {what}, got {sorted(found.keys() ^ before.keys())} in one")
    for name, value in before.items():
        claim_equal(found[name], value, f"{name} {what}")


@contextmanager
def parts_unchanged(assembly: Assembly, what: str) -> Iterator[None]:
    """Raise if what happens inside changes a parameter, a buffer, or whether a module is in training mode.

    Args:
        assembly: whose model and family are watched.
        what: what happens inside.
    """
    before, training = held(assembly), _training(assembly)
    yield
    claim_same(held(assembly), before, f"after {what}")
    claim(_training(assembly) == training, f"{what} must leave modules in the mode, training or not, they were in")


def _training(assembly: Assembly) -> list[bool]:
    return [module.training for part in (assembly.model, assembly.family) for module in part.modules()]
