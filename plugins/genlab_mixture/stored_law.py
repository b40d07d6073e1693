"""A law of the components' parameters as a module: it moves between devices and stands in checkpoints."""

import torch
from torch import Tensor, nn

from genlab_mixture.components import Components


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


class FixedLaw(nn.Module):
    """A law that nothing moves: a buffer for each of its fields.

    The recipe says what they are, so a checkpoint does not repeat them, unless they were given later.
    """

    def __init__(self, law: Components) -> None:
        """Make one.

        Args:
            law: what it holds.
        """
        super().__init__()
        self._kind, self._names = type(law), tuple(law.tensors())
        self.hold(law, persistent=False)

    def law(self) -> Components:
        """Return the law in float64."""
        return self._kind(**{name: self._field(name).double() for name in self._names})

    def hold(self, law: Components, *, persistent: bool) -> None:
        """Hold `law` from now on, in checkpoints too where `persistent`."""
        for name, value in law.tensors().items():
            self.register_buffer(name, value.detach().clone(), persistent=persistent)

    def _field(self, name: str) -> Tensor:
        value: Tensor = getattr(self, name)
        return value
