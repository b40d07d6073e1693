"""The denoising diffusion model: a learned chain from noise to data.

    p(x_T) = N(0, I)      p(x_{t-1} | x_t) = N( mu_t(x_t), var_t I ), t = 2..T      p(x_0 | x_1): mass of x_0's bin
    mu_t(x_t) = a_t x_0_hat + b_t x_t,   the mean of q(x_{t-1} | x_t, x_0) at the x_0 the network predicts

z is the trajectory x_1..x_T. The variance is btilde_t (`fixed-small`), beta_t (`fixed-large`), or what the network says
between the two (`learned-range`): exp(u log beta_t + (1 - u) log btilde_t), one u for each place of x. At t = 1, where
btilde_1 = 0, the fixed ones are beta_1 and the learned one goes down to btilde_2.

Reference: Ho, Jain & Abbeel 2020, sections 2 and 3; Nichol & Dhariwal 2021, eq. 15.
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.gaussian import level_log_mass, normal_log_prob
from genlab.interfaces import DataSpec, LatentModel, Part
from genlab.interfaces.constraints import PositiveInt
from genlab_ddpm.chain import ForwardChain
from genlab_ddpm.fixed_chain import FixedChain
from genlab_ddpm.learned_chain import LearnedChain
from genlab_ddpm.linear import Linear
from genlab_ddpm.network import Network, NetworkSpec
from genlab_ddpm.network.unet import UNet
from genlab_ddpm.prediction import Prediction, target, x_0_from
from genlab_ddpm.schedule import LearnedSchedule, Schedule
from genlab_ddpm.schedule_check import check_falling, warn_of_costs
from genlab_ddpm.values import Values

Ask = Callable[[Tensor, Tensor], tuple[Tensor, Tensor | None]]
Variance = Literal["fixed-small", "fixed-large", "learned-range"]

_HIDDEN_CLASSES = 0.1


class DDPM(LatentModel):
    """Denoising diffusion.

    Attributes:
        values: between the data's own values and x_0.
        chain: the forward chain's closed forms.
        network: what predicts from (x_t, t).
        timesteps: T.
    """

    def __init__(
        self,
        spec: DataSpec,
        /,
        *,
        timesteps: PositiveInt = 1000,
        schedule: Part[Schedule] = Part(Linear),
        network: Part[Network] = Part(UNet),
        prediction: Prediction = "eps",
        variance: Variance = "fixed-small",
        clip: bool = True,
        class_conditional: bool = False,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            timesteps: T, how many steps the chain takes from data to noise.
            schedule: how much noise each step adds.
            network: what predicts from x_t and t.
            prediction: what the network predicts: the noise eps, the clean x_0, or v, a rotation of the two.
            variance: of a reverse step: fixed-small is exact for data that are one point, fixed-large for data that are
                standard normal, learned-range lies between. Small makes the better bound of the fixed ones; learned
                wants an objective that trains it: hybrid or bound.
            clip: whether the x_0 that the network predicts is held in [-1, 1], where data of grey levels lie;
                real data are never clipped.
            class_conditional: whether the network is told the class of x, in training that of nine in ten so that there
                is a model without too. The bound is then on log p(x given its class).

        Raises:
            IncompatibleError: when the schedule or the network does not fit the data, or these have no classes.
        """
        super().__init__()
        self.event_shape = spec.event_shape
        self.values = Values(spec.levels)
        drawn_up = schedule(timesteps, self.values.bin_width)
        betas = drawn_up.betas().detach()
        check_falling(betas, timesteps, drawn_up.advice)
        self.chain: ForwardChain = (
            LearnedChain(drawn_up, timesteps) if isinstance(drawn_up, LearnedSchedule) else FixedChain(betas)
        )
        self.num_classes = _classes(spec) if class_conditional else None
        self.network = network(NetworkSpec(spec.event_shape, 2 if variance == "learned-range" else 1, self.num_classes))
        self.timesteps = timesteps
        self._prediction: Prediction = prediction
        self.variance: Variance = variance
        self._clip = clip and spec.levels is not None
        with torch.no_grad():
            decoder_log_var = self.chain.log_least_var if variance == "learned-range" else self.chain.log_beta
            warn_of_costs(self.chain.alpha_bar, math.exp(0.5 * float(decoder_log_var[0])), spec.levels, drawn_up.advice)

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        """Return log p(x_T), the sum of log p(x_{t-1} | x_t) over t = 2..T, and log p(x_0 | x_1).

        Args:
            x: `(B, *X)`, observations in the data's own values.
            z: `(S, B, T, *X)`, trajectories x_1..x_T in the values of x_0.

        Returns:
            `prior`, `reverse`, `decoder`, each `(S, B)` nats.
        """
        with self.chain.held():
            return self._log_joint(x, z)

    def _log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        x_0 = self.values.to_x_0(x).expand(z.shape[0], *x.shape).flatten(0, 1)
        states = z.flatten(0, 1)
        last, zero = states[:, -1], states.new_zeros(())
        prior = normal_log_prob(last, zero, zero).flatten(1).sum(1)
        reverse = torch.zeros_like(prior)
        for timestep in range(2, self.timesteps + 1):
            mean, log_var = self.reverse(states[:, timestep - 1], torch.full_like(prior, timestep, dtype=torch.long))
            reverse = reverse + normal_log_prob(states[:, timestep - 2], mean, log_var).flatten(1).sum(1)
        mean, log_var = self.reverse(states[:, 0], torch.ones_like(prior, dtype=torch.long))
        factors = {"prior": prior, "reverse": reverse, "decoder": self.decoder_log_prob(x_0, mean, log_var)}
        return {name: value.reshape(z.shape[:2]) for name, value in factors.items()}

    def reverse(self, x_t: Tensor, t: Tensor, ask: Ask | None = None) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of p(x_{t-1} | x_t).

        Args:
            x_t: `(B, *X)`.
            t: `(B,)`.
            ask: whom to ask instead of the network without a class.

        Returns:
            The mean, `(B, *X)`, and the log variance, broadcastable.
        """
        prediction, share = (ask or self.ask)(x_t, t)
        x_0_hat = self.x_0_hat(prediction, x_t, t)
        return self.chain.posterior_mean(x_0_hat, x_t, t), self.log_var(t, x_t, share)

    @property
    def no_class(self) -> int:
        """The class that stands for none."""
        return self.num_classes or 0

    def denoise(self, x_t: Tensor, t: int, ask: Ask | None = None) -> tuple[Tensor, Tensor | None]:
        """Denoise states that all stand at one timestep.

        Args:
            x_t: `(B, *X)`.
            t: the timestep.
            ask: whom to ask instead of the network without a class.

        Returns:
            x_0_hat, `(B, *X)`, and for a learned variance u, `(B, *X)`.
        """
        timesteps = torch.full((len(x_t),), t, device=x_t.device)
        prediction, share = (ask or self.ask)(x_t, timesteps)
        return self.x_0_hat(prediction, x_t, timesteps), share

    def ask(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Ask the network.

        Args:
            x_t: `(B, *X)`.
            t: `(B,)`.
            y: `(B,)`, classes; None for no class. Not looked at where the model is told none.
            generator: the randomness of a training pass; None for a deterministic one.

        Returns:
            Its prediction of eps, x_0 or v, `(B, *X)`, and for a learned variance u, `(B, *X)`; in x_t's precision.
        """
        output = self.network(x_t, self.chain.told(t), self._told_class(y, t, generator), generator).to(x_t.dtype)
        return output[:, 0], (output[:, 1] + 1) / 2 if self.variance == "learned-range" else None

    def _told_class(self, y: Tensor | None, t: Tensor, generator: torch.Generator | None) -> Tensor | None:
        """Return the classes as the network is told them: in training, some are hidden."""
        if self.num_classes is None:
            return None
        if y is None:
            return torch.full_like(t, self.no_class, dtype=torch.long)
        if generator is None:
            return y
        hidden = torch.rand(y.shape, generator=generator, device=y.device) < _HIDDEN_CLASSES
        return torch.where(hidden, self.no_class, y)

    def log_var(self, t: Tensor, like: Tensor, share: Tensor | None) -> Tensor:
        """Return the log variance of p(x_{t-1} | x_t), shaped to broadcast with `like`.

        Args:
            t: `(B,)`.
            like: `(B, *X)`.
            share: u, `(B, *X)`, where the variance is learned: 0 the small one, 1 the large one.
        """
        if self.variance == "fixed-small":
            return self.chain.at(self.chain.log_posterior_var, t, like)
        large = self.chain.at(self.chain.log_beta, t, like)
        return large if share is None else large.lerp(self.chain.at(self.chain.log_least_var, t, like), 1 - share)

    def target(self, x_0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """Return what the network should say to x_t = diffuse(x_0, eps, t), `(B, *X)`."""
        return target(self._prediction, x_0, eps, *self.chain.scales(t, x_0))

    def error_units(self, snr: Tensor) -> Tensor:
        """Return what a squared error of x_0 is worth in squared errors of the prediction, at these ratios."""
        return {"eps": snr, "x_0": torch.ones_like(snr), "v": snr + 1}[self._prediction]

    def x_0_hat(self, prediction: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """Return the clean x that a network's prediction stands for, `(B, *X)`."""
        x_0_hat = x_0_from(self._prediction, prediction, x_t, *self.chain.scales(t, x_t))
        return x_0_hat.clamp(-1, 1) if self._clip else x_0_hat

    def decoder_log_prob(self, x_0: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
        """Return log p(x_0 | x_1), `(B,)`: the log mass of the bins of x_0; for real data the log density.

        Args:
            x_0: `(B, *X)`.
            mean: `(B, *X)`, the x_0 predicted from x_1.
            log_var: of p(x_0 | x_1), broadcastable.
        """
        if self.values.bin_width is None:
            return normal_log_prob(x_0, mean, log_var).flatten(1).sum(1)
        return level_log_mass(x_0, mean, log_var, self.values.bin_width).flatten(1).sum(1)


def _classes(spec: DataSpec) -> int:
    if spec.num_classes is None:
        raise IncompatibleError(
            f"model.class_conditional needs data with classes, and {spec.name} has none. Set it to false."
        )
    return spec.num_classes
