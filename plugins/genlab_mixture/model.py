"""A mixture of K Gaussians.

    pi ~ Dirichlet(alpha)           parameters of component k ~ prior            k = 1..K
    z_i ~ Categorical(pi)           x_i given z_i = k ~ N(mu_k, noise of k)      i = 1..N

x has D coordinates. The noise is known (then the parameters are the means), or learned for each component, in each
coordinate or as a covariance matrix.

Reference: Blei, Kucukelbir & McAuliffe 2017, section 2.1, with Dirichlet weights; Broderick et al. 2013 (streaming
variational Bayes).
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import Candidates, PositiveFloat, PositiveInt
from genlab.interfaces.data_source import Batch, DataSpec
from genlab.interfaces.diagnosis import Diagnosis
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.part import Part
from genlab_mixture.densities import log_dirichlet
from genlab_mixture.evidence import log_evidence
from genlab_mixture.factors import GlobalFactors, HasFactors
from genlab_mixture.latents import MixtureLatents
from genlab_mixture.noise import Noise, per_item
from genlab_mixture.stored_law import FixedFactors


class GaussianMixture(LatentModel):
    """K Gaussians with a prior on their weights and their parameters, and nothing to learn by gradients.

    >>> from genlab_mixture.known_noise import KnownNoise
    >>> spec = DataSpec("toy", event_shape=(1,), num_train=10)
    >>> model = GaussianMixture(spec, components=2, mean_scale=5.0, noise=Part(KnownNoise, {"scale": 1.0}))
    >>> gaussians = model.prior().components.draw(1, generator=torch.Generator())
    >>> z = MixtureLatents(torch.tensor([[0, 1, 1]]), torch.tensor([[0.5, 0.5]]).log(), gaussians)
    >>> {name: tuple(value.shape) for name, value in model.log_joint(torch.zeros(3, 1), z).items()}
    {'likelihood': (1, 3), 'assignment_prior': (1, 3), 'weight_prior': (1,), 'mean_prior': (1,)}

    Attributes:
        noise_scale: the standard deviation expected of the noise, `(D,)`.
        missing: whether the training data may hold NaN, for values that were not observed.
    """

    accepts_missing: ClassVar[bool] = True
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
        noise: Part[Noise],
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            components: K, how many Gaussians.
            concentration: alpha of the weights' Dirichlet prior, one number or K; below 1 it favors few components.
            mean_loc: m0, the prior mean of the components' means, one number or D.
            mean_scale: s0, the prior standard deviation of the components' means, one number or D.
            noise: how x scatters around its component's mean, and what is known of that.

        Raises:
            IncompatibleError: for data that are not real vectors, or a list of another length.
        """
        super().__init__()
        _check(spec)
        self.event_shape, self.missing = spec.event_shape, spec.missing
        self.num_components, self.num_dims = components, spec.num_dims
        kind, columns = noise(), f"columns of {spec.name}"
        loc = per_item("mean_loc", mean_loc, self.num_dims, columns)
        scale = per_item("mean_scale", mean_scale, self.num_dims, columns)
        alpha = per_item("concentration", concentration, components, "components")
        self.register_buffer("noise_scale", kind.scales(spec), persistent=False)
        self._prior = FixedFactors(GlobalFactors(alpha, kind.prior(spec, loc, scale, components)))
        self.register_load_state_dict_post_hook(_recount)  # type: ignore[no-untyped-call]
        self._count_symmetries()

    def prior(self) -> GlobalFactors:
        """Return the prior of the weights and of the components' parameters, in float64."""
        return self._prior.factors()

    def log_evidence(self, x: Tensor) -> Tensor:
        """Return log p(x) of a few observations together, `()` in float64, by summing over all K^B assignments.

        Raises:
            UsageError: for more than two million assignments.
        """
        return log_evidence(x, self.prior())

    def adopt_posterior(self, family: nn.Module) -> None:
        """Take the posterior of the weights and the components as their prior, one for each component.

        After that, fitting new data continues as if they had come with the old ones (Broderick et al. 2013, eq. 2). A
        checkpoint then holds the prior, since the recipe no longer says what it is.

        Args:
            family: a family fitted to a mixture of as many components, with the same kind of noise.

        Raises:
            IncompatibleError: for any other family.
        """
        prior = self.prior()
        if not isinstance(family, HasFactors) or not (adopted := family.factors()).matches(prior):
            raise IncompatibleError(
                f"the posterior to take as a prior must be of {self.num_components} components in {self.num_dims} "
                f"dimensions with the same kind of noise, got {family}. Continue with the recipe it was fitted with."
            )
        self._prior.adopt(GlobalFactors(adopted.concentration, prior.components.like(adopted.components)))
        self._count_symmetries()

    def observed(self, x: Tensor) -> Tensor | None:
        """Return which values of x were observed, `(B, D)`, or None where no datum of the training data is missing.

        A sweep asks this, because looking for NaN would be another pass over the data.
        """
        return ~x.isnan() if self.missing else None

    def log_joint(self, x: Tensor, z: MixtureLatents) -> dict[str, Tensor]:
        """Return `likelihood` and `assignment_prior`, `(S, B)`, and a prior for each kind of parameter, `(S,)`.

        Those are `weight_prior`, `mean_prior` and, where the noise is learned, `precision_prior`.
        """
        prior = self.prior()
        log_likelihood = z.gaussians.log_prob(x, ~x.isnan())
        shared = {"weight": log_dirichlet(z.log_weights, prior.concentration)}
        shared |= prior.components.log_density(z.gaussians)
        return {
            "likelihood": log_likelihood.gather(1, z.assignments.unsqueeze(1)).squeeze(1),
            "assignment_prior": z.log_weights.gather(1, z.assignments).to(x.dtype),
            **{f"{name}_prior": value.to(x.dtype) for name, value in shared.items()},
        }

    def diagnose(self, family: nn.Module, batches: Iterable[Batch], *, generator: torch.Generator) -> Diagnosis:
        """Say how many components are expected to hold less than one training observation, where any is."""
        if not isinstance(family, HasFactors):
            return Diagnosis()
        counts = family.factors().concentration - self.prior().concentration  # a_k - alpha_k = sum_i phi_ik
        num_empty = int((counts < 1).sum())
        said = f"{num_empty} of {len(counts)} components hold less than one observation"
        return Diagnosis(remarks=(said,) if num_empty else ())

    def _count_symmetries(self) -> None:
        """Set `log_symmetries`: components may swap their labels where the prior does not tell them apart."""
        prior = self.prior()
        values = [prior.concentration, *(getattr(prior.components, name) for name in prior.components.coordinates)]
        rows = torch.cat([value.reshape(self.num_components, -1) for value in values], 1)
        alike = Counter(map(tuple, rows.tolist()))
        self.log_symmetries = sum(math.lgamma(count + 1) for count in alike.values())


def _recount(model: nn.Module, _: Any) -> None:
    """After a checkpoint is loaded, whose prior may be another."""
    if isinstance(model, GaussianMixture):
        model._count_symmetries()


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
