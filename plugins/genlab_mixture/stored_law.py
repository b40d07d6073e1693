"""Laws as modules: they move between devices and stand in checkpoints."""

from typing import Any

import torch
from torch import nn

from genlab_mixture.components import Components
from genlab_mixture.factors import GlobalFactors


class FreeLaw(nn.Module):
    """A law whose parameters can be moved: one `nn.Parameter` each, in coordinates that may take any real value."""

    def __init__(self, law: Components) -> None:
        """Make one.

        Args:
            law: what it holds at first.
        """
        super().__init__()
        self._kind, self._constants = type(law), tuple(law.constants())
        for name, value in law.constants().items():
            self.register_buffer(name, value.clone(), persistent=False)
        for name, value in law.free().items():
            self.register_parameter(name, nn.Parameter(value.to(torch.get_default_dtype())))

    def law(self) -> Components:
        """Return the law in float64, differentiable in the parameters, and unchanged when those move later."""
        values = {name: getattr(self, name).double() for name in self._constants}
        for name, coordinate in self._kind.coordinates.items():
            values[name] = coordinate.value(getattr(self, name).double())
        return self._kind(**values)

    @torch.no_grad()
    def hold(self, law: Components) -> None:
        """Set the parameters, in place, to those of `law`."""
        for name, value in law.free().items():
            getattr(self, name).copy_(value)


class FixedFactors(nn.Module):
    """The prior: nothing moves it, so it is all buffers.

    The recipe says what it is, and a checkpoint does not repeat that, until the prior is adopted from elsewhere.
    """

    def __init__(self, factors: GlobalFactors) -> None:
        """Make one.

        Args:
            factors: what it holds.
        """
        super().__init__()
        self._kind, self._names = type(factors.components), tuple(factors.components.tensors())
        self._register(factors, persistent=False)
        self.register_load_state_dict_pre_hook(_expect_adopted)  # type: ignore[no-untyped-call]

    def factors(self) -> GlobalFactors:
        """Return the law in float64."""
        fields = {name: getattr(self, name).double() for name in self._names}
        return GlobalFactors(self.get_buffer("concentration").double(), self._kind(**fields))

    def adopt(self, factors: GlobalFactors) -> None:
        """Hold other factors from now on, in checkpoints too."""
        self._register(factors, persistent=True)

    def _register(self, factors: GlobalFactors, *, persistent: bool) -> None:
        for name, value in {"concentration": factors.concentration, **factors.components.tensors()}.items():
            self.register_buffer(name, value.detach().clone(), persistent=persistent)


def _expect_adopted(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Before a checkpoint is loaded that holds an adopted prior, make room for it."""
    if isinstance(module, FixedFactors) and f"{prefix}concentration" in state:
        module.adopt(module.factors())
