"""Models with one fault each: the linear Gaussian reference model gone wrong."""

import torch
from torch import Tensor, nn

from genlab.interfaces import DataSpec
from genlab.testing.reference.linear_gaussian.model import LinearGaussian


class DroppedConstant(LinearGaussian):
    """Leaves log(2 pi) out of the likelihood, so that no density integrates to one."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        squares = (x.flatten(1) - self.mean_given(z)).square() / self.scale.square()
        return super().log_joint(x, z) | {"likelihood": -0.5 * (squares + 2 * self.scale.log()).sum(-1)}


class DroppedPriorConstant(LinearGaussian):
    """Leaves log(2 pi) out of the prior."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        return super().log_joint(x, z) | {"prior": -0.5 * z.square().sum(-1)}


class WrongEvidence(LinearGaussian):
    """Knows its evidence but for a constant."""

    def log_evidence(self, x: Tensor) -> Tensor:
        return super().log_evidence(x) + 0.5


class FlippedSign(LinearGaussian):
    """Rewards latents that are far from 0."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        factors = super().log_joint(x, z)
        return factors | {"prior": -factors["prior"]}


class GlobalPrior(LinearGaussian):
    """Sums the prior over the batch and calls it one factor of all observations."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        factors = super().log_joint(x, z)
        return factors | {"prior": factors["prior"].sum(1)}


class SummedOverTheBatch(LinearGaussian):
    """Sums one axis too many."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        factors = super().log_joint(x, z)
        return factors | {"likelihood": factors["likelihood"].sum(1, keepdim=True)}


class SinglePrecision(LinearGaussian):
    """Computes the likelihood in float32, whatever x is."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        factors = super().log_joint(x, z)
        return factors | {"likelihood": factors["likelihood"].float()}


class LogOfZero(LinearGaussian):
    """Takes the logarithm of x, which is 0 at the border of what the data can be."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        factors = super().log_joint(x, z)
        return factors | {"likelihood": factors["likelihood"] + (x.flatten(1) * x.flatten(1).log()).sum(1)}


class Underflow(LinearGaussian):
    """Takes the logarithm of a density that is 0 in float32."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        factors = super().log_joint(x, z)
        return factors | {"likelihood": (20 * factors["likelihood"] - 60).exp().log() / 20 + 3}


class BatchNormalised(LinearGaussian):
    """Takes the mean of the batch off each observation."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        return super().log_joint(x - x.mean(0), z)


class InPlace(LinearGaussian):
    """Centres x where it lies."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        return super().log_joint(x.sub_(1.0), z)


class Dropout(LinearGaussian):
    """Draws a mask from the global generator each time it is evaluated."""

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        return super().log_joint(x, nn.functional.dropout(z, 0.5, training=True))


class Detached(LinearGaussian):
    """Cuts the gradient between the likelihood and the weight."""

    def mean_given(self, z: Tensor) -> Tensor:
        return z @ self.weight.detach().T + self.bias


class ForgottenState(LinearGaussian):
    """Keeps its weight in a tensor that no state dict holds."""

    def __init__(self, spec: DataSpec, /) -> None:
        super().__init__(spec)
        self.offset = torch.randn(spec.num_dims, dtype=torch.float64)
        self.calls = 0

    def mean_given(self, z: Tensor) -> Tensor:
        return super().mean_given(z) + self.offset.to(z)

    def load_state_dict(self, *arguments: object, **keys: object) -> object:
        self.offset = torch.zeros_like(self.offset)
        return super().load_state_dict(*arguments, **keys)


class PickledState(LinearGaussian):
    """Keeps an object in its state that only a pickle can hold."""

    def get_extra_state(self) -> object:
        return {1, 2}

    def set_extra_state(self, state: object) -> None:
        pass


class WrongEventShape(LinearGaussian):
    """Says that x has another shape."""

    def __init__(self, spec: DataSpec, /) -> None:
        super().__init__(spec)
        self.event_shape = (*spec.event_shape, 1)


class SelfSeeded(LinearGaussian):
    """Starts somewhere else each time, seed or no seed."""

    def __init__(self, spec: DataSpec, /) -> None:
        super().__init__(spec)
        generator = torch.Generator()
        generator.seed()
        self.weight.data.normal_(generator=generator)
