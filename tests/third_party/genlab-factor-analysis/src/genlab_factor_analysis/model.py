"""Factor analysis: a few Gaussian factors, seen through many columns with noise of their own.

    z ~ N(0, I_J)        x given z ~ N(W z + b, Psi),   Psi = diag(psi_1, ..., psi_D)
    x ~ N(b, W W' + Psi)
    z given x ~ N(m(x), M^-1),   M = I + W' Psi^-1 W,   m(x) = M^-1 W' Psi^-1 (x - b)

Where psi_d could fall to 0, for a constant column or one that a factor explains wholly, the likelihood has no
maximum (a Heywood case). So psi_d = s^2 + exp(rho_d), with s the smallest noise the user believes in.

Reference: Bishop 2006, section 12.2.4, eqs. 12.64 to 12.68; Rubin & Thayer 1982.
"""

import math
import warnings

import torch
from genlab.errors import GenlabWarning, IncompatibleError
from genlab.interfaces import DataSpec, LatentModel, Splits
from genlab.interfaces.constraints import PositiveFloat, PositiveInt
from torch import Tensor, nn

from genlab_factor_analysis.initialization import principal_start

_LOG_2_PI = math.log(2 * math.pi)


class FactorAnalysis(LatentModel):
    """J factors behind the D numbers of each x; z has shape `(S, B, J)`.

    The algebra of J x J matrices is done in float64 whatever the data's precision: it costs nothing, and M may be
    badly conditioned where the noise is small.

    >>> from genlab_factor_analysis.simulated_factors import SimulatedFactors
    >>> model = FactorAnalysis(SimulatedFactors(observations=100, columns=5).load(), factors=2)
    >>> {name: tuple(value.shape) for name, value in model.log_joint(torch.zeros(3, 5), torch.zeros(7, 3, 2)).items()}
    {'likelihood': (7, 3), 'prior': (7, 3)}

    Attributes:
        num_factors: J.
        loadings: W, `(D, J)`.
        loc: b, `(D,)`.
        log_excess_noise_var: rho, `(D,)`.
    """

    def __init__(self, data: Splits, /, *, factors: PositiveInt, min_noise_scale: PositiveFloat = 1e-3) -> None:
        """Make one from a recipe's keys.

        Args:
            factors: J, how many factors; fewer than x has numbers.
            min_noise_scale: s, the smallest noise standard deviation a column may have, in the data's units.

        Raises:
            IncompatibleError: when there are as many factors as numbers in x, or more.
        """
        super().__init__()
        _check(data.spec, factors)
        self.event_shape = data.spec.event_shape
        self.num_factors, self.num_dims = factors, data.spec.num_dims
        self._min_noise_var = min_noise_scale**2
        start = principal_start(data.train, factors)
        dtype = torch.get_default_dtype()
        self.loadings = nn.Parameter(start.loadings.to(dtype))
        self.loc = nn.Parameter(start.loc.to(dtype))
        self.log_excess_noise_var = nn.Parameter(self._log_excess(start.noise_var).to(dtype))

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        """Return `likelihood` and `prior`, each `(S, B)`."""
        prior = -0.5 * (z.square().sum(-1) + self.num_factors * _LOG_2_PI)
        return {"likelihood": self.log_likelihood(x, z), "prior": prior}

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x given z), `(*S, B)`, for z of shape `(*S, B, J)`."""
        noise_var = self.noise_var()
        residual = x.flatten(1) - self.mean_given(z)
        constant = noise_var.log().sum() + self.num_dims * _LOG_2_PI
        return -0.5 * ((residual.square() / noise_var).sum(-1) + constant)

    def log_evidence(self, x: Tensor) -> Tensor:
        """Return log p(x), `(B,)`, exactly.

        It is log p(x, z) - log p(z given x), which is the same for every z; taken at z = m(x), it is a sum of
        squares with nothing to cancel.
        """
        z = self.posterior_mean(x)
        log_det = torch.linalg.slogdet(self.posterior_precision()).logabsdet.to(x.dtype)
        evidence: Tensor = self.log_likelihood(x, z) - 0.5 * (z.square().sum(-1) + log_det)
        return evidence

    def noise_var(self) -> Tensor:
        """Return psi, `(D,)`."""
        noise_var: Tensor = self._min_noise_var + self.log_excess_noise_var.exp()
        return noise_var

    def posterior_precision(self) -> Tensor:
        """Return M, `(J, J)` in float64: it is the same for every x."""
        loadings = self.loadings.double()
        gram = loadings.T @ (loadings / self.noise_var().double().unsqueeze(1))
        return gram + torch.eye(self.num_factors, dtype=gram.dtype, device=gram.device)

    def posterior_mean(self, x: Tensor) -> Tensor:
        """Return m(x), `(B, J)`."""
        scaled = self.loadings.double() / self.noise_var().double().unsqueeze(1)
        regression = torch.linalg.solve(self.posterior_precision(), scaled.T)
        centered = x.flatten(1) - self.loc
        # Under autocast the product alone is in another precision.
        mean: Tensor = (centered @ regression.T.to(centered.dtype)).to(centered.dtype)
        return mean

    def mean_given(self, z: Tensor) -> Tensor:
        """Return E[x given z], `(..., D)`, for z of shape `(..., J)`."""
        return (z @ self.loadings.T).to(z.dtype) + self.loc

    @torch.no_grad()
    def set_parameters(self, loc: Tensor, loadings: Tensor, noise_var: Tensor) -> None:
        """Set the parameters in place; a noise variance below the smallest allowed becomes that one.

        Args:
            loc: b, `(D,)`.
            loadings: W, `(D, J)`.
            noise_var: psi, `(D,)`.
        """
        self.loc.copy_(loc)
        self.loadings.copy_(loadings)
        self.log_excess_noise_var.copy_(self._log_excess(noise_var))

    def _log_excess(self, noise_var: Tensor) -> Tensor:
        # A millionth of the floor, and not 0, whose logarithm no gradient would ever move again.
        return (noise_var - self._min_noise_var).clamp_min(1e-6 * self._min_noise_var).log()


def _check(spec: DataSpec, factors: int) -> None:
    if factors >= spec.num_dims:
        raise IncompatibleError(
            f"model.factors must be below {spec.num_dims}, how many numbers an x of {spec.name} has, got {factors}. "
            "Use fewer factors."
        )
    if spec.levels is not None:
        warnings.warn(
            f"model 'factor-analysis' gives integer data ({spec.name!r}) a density, not a probability: its bits per "
            "dimension compare with those of no model of integers.",
            GenlabWarning,
            stacklevel=3,
        )
