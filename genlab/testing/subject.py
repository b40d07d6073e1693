"""A subject: one component, standing in one setting, ready to be checked."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from genlab.assembly import Assembly
from genlab.discovery import RegisteredComponent
from genlab.interfaces import Batch, Part
from genlab.testing.assembled import assembled
from genlab.testing.check import CannotRun

if TYPE_CHECKING:
    from genlab.testing.setting import Setting

_PARAMETERS_SEED = 7
_MOVE = 0.05


@dataclass(frozen=True)
class Subject:
    """What a check is given.

    Attributes:
        component: what is checked, and who offers it.
        setting: the recipe it stands in.
        path: the recipe's table it stands in: `("model",)`, `("model", "network")`, `("eval", "elbo")`.
        part: its class and its keys, to be built by hand.
    """

    component: RegisteredComponent
    setting: "Setting"
    path: tuple[str, ...]
    part: Part[Any]

    @property
    def slot(self) -> str:
        """The kind of component."""
        return self.component.slot

    @property
    def component_name(self) -> str:
        """The name that `genlab check` takes: `model/vae`."""
        return f"{self.component.slot}/{self.component.name}"

    @property
    def setting_name(self) -> str:
        """The setting's name, and `eval` where an estimator may stand in two tables."""
        return f"{self.setting.name}:eval" if self.evaluates and self.slot == "elbo" else self.setting.name

    @property
    def evaluates(self) -> bool:
        """Whether it stands in `[eval]`, so that no training ever asks it."""
        return self.path[0] == "eval"

    @property
    def modes(self) -> tuple[bool, ...]:
        """Whether modules may be in training mode when it is at work, and whether not."""
        return (False,) if self.evaluates else (True, False)

    def __str__(self) -> str:
        return f"{self.component_name}[{self.setting_name}]"

    def assembly(self, *, dtype: torch.dtype = torch.float64, moved: bool = True) -> Assembly:
        """Assemble the setting anew.

        Args:
            dtype: the precision of the model and the family; read the data with `batch` in the same.
            moved: whether parameters are moved a little at random from where they start, always the same way, so
                that no zero and no symmetry of an initialization hides a fault.
        """
        assembly = assembled(self.setting.checked)
        if self.evaluates:
            assembly = replace(assembly, elbo=assembly.eval_elbo)
            assembly.model.eval()
            assembly.family.eval()
        generator = torch.Generator().manual_seed(_PARAMETERS_SEED)
        for module in (assembly.model, assembly.family):
            module.to(dtype)
        if moved:
            parameters = dict.fromkeys((*assembly.model.parameters(), *assembly.family.parameters()))
            for parameter in (parameter for parameter in parameters if parameter.requires_grad):
                noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.data.add_(noise.to(parameter), alpha=_MOVE)
        return assembly

    def batch(
        self, assembly: Assembly, size: int, *, seed: int = 0, dtype: torch.dtype = torch.float64, whole: bool = False
    ) -> Batch:
        """Read training observations, different ones.

        Args:
            assembly: whose data.
            size: B.
            seed: which observations.
            dtype: of x.
            whole: whether the batch claims to be all the data there are: `num_data` is then B.

        Raises:
            CannotRun: when there are fewer observations.
        """
        split = assembly.data.train
        if len(split) < size:
            raise CannotRun(f"the setting's data have {len(split)} training observations; {size} are needed")
        indices = torch.randperm(len(split), generator=torch.Generator().manual_seed(seed))[:size]
        (batch,) = split.batches([indices], self.generator(assembly, seed))
        return replace(batch, x=batch.x.to(dtype), num_data=size if whole else batch.num_data)

    def generator(self, assembly: Assembly, seed: int = 0) -> torch.Generator:
        """Return a new generator on the assembly's device."""
        return assembly.accelerator.generator(seed)
