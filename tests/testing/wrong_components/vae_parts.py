"""Parts of a VAE with one fault each."""

from typing import Any

import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.gaussian import Gaussian
from genlab_vae.inverse_autoregressive import InverseAutoregressive
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.objectives import Beta, WarmUp
from genlab_vae.standard_normal import StandardNormal
from genlab_vae.weight_gradients import Reparameterized
from torch import Tensor

from genlab.interfaces import LatentModel, Posterior


class DroppedConstant(Gaussian):
    """log_prob lacks half a log 2 pi in each dimension."""

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        return super().log_prob(x, output) + 0.9189385 * x[0].numel()


class TooWide(Gaussian):
    """Draws have a tenth too much noise."""

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        return output + 1.1 * (super().sample(output, generator=generator) - output)


class GlobalGenerator(Gaussian):
    """Draws come from torch's global generator."""

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        return output + torch.exp(self.log_scale) * torch.randn_like(output)


class WrongMean(Bernoulli):
    """The mean is not that of the law."""

    def mean(self, output: Tensor) -> Tensor:
        return torch.tanh(output)


class SummedOverDraws(Bernoulli):
    """log_prob has no axis of draws."""

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        return super().log_prob(x, output).sum(0)


class CenteredEncoder(MLPEncoder):
    """The outputs of a batch are centered."""

    def forward(self, x: Tensor) -> Tensor:
        output = super().forward(x)
        return output - output.mean(0)


class FlatDecoder(MLPDecoder):
    """The output has one number, whatever was asked for."""

    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z).flatten(1)[:, :1]


class FallingCost(Beta):
    """A sign."""

    def divergence_cost(self, kl: Tensor, step: int | None) -> Tensor:
        return -super().divergence_cost(kl, step)


class UnnamedBeta(Beta):
    """A weight, and it says that it is the bound."""

    surrogate = None


class CoolingDown(WarmUp):
    """An evaluation that takes the first step's weight."""

    def __init__(self) -> None:
        super().__init__(steps=10)

    def divergence_cost(self, kl: Tensor, step: int | None) -> Tensor:
        return super().divergence_cost(kl, step or 0)


class LighterWeights(Reparameterized):
    """Half a nat is lost."""

    def log_weights(self, model: LatentModel, posterior: Posterior, x: Tensor, z: Any) -> Tensor:
        return super().log_weights(model, posterior, x, z) - 0.5


class FrozenEncoder(Reparameterized):
    """No gradient reaches the draws."""

    def log_weights(self, model: LatentModel, posterior: Posterior, x: Tensor, z: Any) -> Tensor:
        return super().log_weights(model, posterior, x, z.detach())


class DroppedPriorConstant(StandardNormal):
    """log_prob lacks half a log 2 pi in each dimension."""

    def log_prob(self, z: Tensor) -> Tensor:
        return -0.5 * z.square().sum(-1)


class TooWidePrior(StandardNormal):
    """Draws have a standard deviation that is a tenth too large."""

    def sample(self, num_draws: int, *, generator: torch.Generator) -> Tensor:
        return 1.1 * super().sample(num_draws, generator=generator)


class ForgottenDeterminant(InverseAutoregressive):
    """The log determinant is zero."""

    def forward(self, z_0: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        z, log_det = super().forward(z_0, context)
        return z, 0 * log_det


class InverseDeterminant(InverseAutoregressive):
    """`inverse` gives the log determinant of the map back."""

    def inverse(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        z_0, log_det = super().inverse(z, context)
        return z_0, -log_det
