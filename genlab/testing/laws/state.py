"""Laws of whatever holds parameters: its state is tensors, and there is no other."""

import torch
from torch import Tensor, nn

from genlab.testing.check import check
from genlab.testing.claims import claim, claim_equal
from genlab.testing.scene import scene_of
from genlab.testing.subject import Subject


@check("model", "family")
def state_dict_restores_everything(subject: Subject) -> None:
    """A new assembly that takes up the state dicts of another computes the same, to the last bit.

    The state must hold tensors only, because nothing is ever unpickled. It fails where something that moves is neither
    a parameter nor a persistent buffer.
    """
    scene = scene_of(subject)
    assembly = subject.assembly(moved=False)
    for part, other in ((scene.model, assembly.model), (scene.family, assembly.family)):
        other.load_state_dict(_tensors_of(part))
    restored = scene_of(subject, assembly=assembly)
    pairs = [("log_joint", scene.factors(), restored.factors())]
    pairs += [("log_prob", scene.posterior.log_prob(scene.z), restored.posterior.log_prob(scene.z))]
    for what, before, after in pairs:
        for name, value in before.items():
            claim_equal(after[name], value, f"the factor {name!r} of {what} after load_state_dict")


@check("family")
def the_family_does_not_hold_the_model(subject: Subject) -> None:
    """The model is no module inside the family, so that a checkpoint keeps it once.

    An attribute that is a module becomes a part of the family: its state then holds the model's too. Keep the bound
    methods or the numbers that are needed, such as `self._loadings = model.loadings_of`, and not the model.
    """
    assembly = subject.assembly(moved=False)
    where = next((name for name, module in assembly.family.named_modules() if module is assembly.model), None)
    claim(
        where is None,
        f"family.{where} must not be the model, whose {len(assembly.model.state_dict())} tensors a checkpoint would "
        "then hold twice",
    )


def _tensors_of(part: nn.Module) -> dict[str, Tensor]:
    state = part.state_dict()
    for name, value in state.items():
        claim(
            isinstance(value, Tensor),
            f"the state of {type(part).__name__} must hold tensors only, got {type(value).__name__} as {name!r}",
        )
    return {name: torch.clone(value) for name, value in state.items()}
