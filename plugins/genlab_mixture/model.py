"""A mixture of K Gaussians whose noise is known.

    pi ~ Dirichlet(alpha)           mu_k ~ N(m0, s0^2)               k = 1..K
    z_i ~ Categorical(pi)           x_i | z_i = k ~ N(mu_k, sigma^2)     i = 1..N

x has D independent coordinates; m0, s0 and sigma have one value for each.

Reference: Blei, Kucukelbir & McAuliffe 2017, section 2.1, with Dirichlet weights.
"""

import math
from collections import Counter
from typing import Annotated

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import Candidates, PositiveFloat, PositiveInt
from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.latent_model import LatentModel
from genlab_mixture.densities import log_dirichlet, log_normal
from genlab_mixture.latents import MixtureLatents


class GaussianMixture(LatentModel):
    """K Gaussians with a prior on their weights and their means, and nothing to learn by gradients.

    >>> spec = DataSpec("toy", event_shape=(1,), num_train=10)
    >>> model = GaussianMixture(spec, components=2, mean_scale=5.0, noise_scale=1.0)
    >>> z = MixtureLatents(torch.tensor([[0, 1, 1]]), torch.tensor([[0.5, 0.5]]).log(), torch.zeros(1, 2, 1))
    >>> {name: tuple(value.shape) for name, value in model.log_joint(torch.zeros(3, 1), z).items()}
    {'likelihood': (1, 3), 'assignment_prior': (1, 3), 'weight_prior': (1,), 'mean_prior': (1,)}

    Attributes:
        concentration: alpha, `(K,)`.
        mean_loc, mean_scale, noise_scale: m0, s0 and sigma, `(D,)` each.
    """

    concentration: Tensor
    mean_loc: Tensor
    mean_scale: Tensor
    noise_scale: Tensor

    def __init__(
        self,
        spec: DataSpec,
        /,
        *,
        components: Annotated[PositiveInt, Candidates()],
        concentration: PositiveFloat | tuple[PositiveFloat, ...] = 1.0,
        mean_loc: float | tuple[float, ...] = 0.0,
        mean_scale: PositiveFloat | tuple[PositiveFloat, ...],
        noise_scale: PositiveFloat | tuple[PositiveFloat, ...],
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            components: K, how many Gaussians.
            concentration: alpha of the weights' Dirichlet prior, one number or K; below 1 it favors few components.
            mean_loc: m0, the prior mean of the components' means, one number or D.
            mean_scale: s0, the prior standard deviation of the components' means, one number or D.
            noise_scale: sigma, the known standard deviation of x around its component's mean, one number or D.

        Raises:
            IncompatibleError: for data that are not real vectors, or a list of another length.
        """
        super().__init__()
        _check(spec)
        self.event_shape = spec.event_shape
        self.num_components, self.num_dims = components, spec.num_dims
        # Components may swap their labels where the prior of the weights does not tell them apart.
        alike = Counter(concentration).values() if isinstance(concentration, tuple) else (components,)
        self.log_symmetries = sum(math.lgamma(count + 1) for count in alike)
        values = {
            "concentration": _numbers("concentration", concentration, components, "components"),
            "mean_loc": _numbers("mean_loc", mean_loc, self.num_dims, f"columns of {spec.name}"),
            "mean_scale": _numbers("mean_scale", mean_scale, self.num_dims, f"columns of {spec.name}"),
            "noise_scale": _numbers("noise_scale", noise_scale, self.num_dims, f"columns of {spec.name}"),
        }
        for name, value in values.items():
            # The recipe holds these numbers; a checkpoint does not repeat them.
            self.register_buffer(name, value, persistent=False)

    def log_joint(self, x: Tensor, z: MixtureLatents) -> dict[str, Tensor]:
        """Return `likelihood` and `assignment_prior`, `(S, B)`, and `weight_prior` and `mean_prior`, `(S,)`."""
        chosen = z.assignments.unsqueeze(-1).expand(-1, -1, self.num_dims)
        means = z.means.gather(1, chosen)
        var = self.noise_scale.square()
        return {
            "likelihood": log_normal(x, means, var).sum(-1),
            "assignment_prior": z.log_weights.gather(1, z.assignments).to(x.dtype),
            "weight_prior": log_dirichlet(z.log_weights, self.concentration.double()).to(x.dtype),
            "mean_prior": log_normal(z.means, self.mean_loc, self.mean_scale.square()).sum((-1, -2)),
        }


def _check(spec: DataSpec) -> None:
    if len(spec.event_shape) != 1:
        raise IncompatibleError(
            f"model 'gaussian-mixture' must observe vectors, got {spec.name} of shape {spec.event_shape}. "
            "Use data of columns, such as 'table' or 'customers'."
        )
    if spec.levels is not None:
        raise IncompatibleError(
            f"model 'gaussian-mixture' must observe real numbers, got {spec.name} with {spec.levels} integer levels, "
            "whose probability is a mass and not a density. Use data of real columns, such as 'table' or 'customers'."
        )


def _numbers(name: str, value: float | tuple[float, ...], count: int, what: str) -> Tensor:
    """Return `(count,)` numbers from one number, or from as many."""
    values = value if isinstance(value, tuple) else (value,) * count
    if len(values) != count:
        raise IncompatibleError(
            f"{name} must be one number or {count}, the number of {what}, got {len(values)}. "
            "Give one number for all of them, or one for each."
        )
    return torch.tensor(values, dtype=torch.get_default_dtype())
