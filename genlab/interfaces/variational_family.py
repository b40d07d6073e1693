"""A variational family: the set of distributions q(z given x) that inference may choose from."""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from genlab.interfaces.partner import Partner


@dataclass(frozen=True)
class LatentSummary:
    """What q says of one number among the latents that all observations share.

    Attributes:
        name: with its indices: `weights[0]`, `means[1, height]`.
        mean: its expectation under q.
        std: its standard deviation under q.
        low, high: the ends of its central credible interval.
        true: the value the data were simulated with, where that is known.
    """

    name: str
    mean: float
    std: float
    low: float
    high: float
    true: float | None = None


class Posterior(abc.ABC):
    """One member q(z given x) of a family, for one batch x.

    Attributes:
        reparameterized: whether `rsample` is available.
    """

    reparameterized: ClassVar[bool] = False

    @abc.abstractmethod
    def sample(self, num_samples: int, *, generator: torch.Generator) -> Any:
        """Draw z, without gradient.

        Args:
            num_samples: S, at least 1.
            generator: the only source of randomness.

        Returns:
            S draws in the form the model's `log_joint` takes; a local tensor has shape `(S, B, *Z)`.
        """

    @abc.abstractmethod
    def log_prob(self, z: Any) -> dict[str, Tensor]:
        """Return log q(z given x) as named factors.

        A factor's name is the name its negative has in the ledger, e.g. `weight_entropy`; none is a name that the
        model's `log_joint` uses.

        Args:
            z: S draws, as `sample` returns them.

        Returns:
            Nats by name: `(S, B)` local, `(S,)` global.
        """

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Any:
        """Draw z as a differentiable function of the posterior's parameters.

        Raises:
            NotImplementedError: where `reparameterized` is False.
        """
        raise NotImplementedError(f"{type(self).__name__} has no reparameterised draw.")

    def describe(self) -> dict[str, Tensor]:
        """Return what q says of each observation, for people: nothing by default.

        Returns:
            Columns by name, `(B,)` or `(B, k)`: `responsibilities`, `mean`, `log_predictive_nats`.
        """
        return {}


class VariationalFamily(Partner, nn.Module, abc.ABC):
    """The set of allowed q(z given x).

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
    """

    slot: ClassVar[str] = "family"

    @abc.abstractmethod
    def posterior(self, x: Tensor) -> Posterior:
        """Return the family's member for a batch.

        Args:
            x: `(B, *X)`, observations in the data's own values.
        """

    def describe(self, interval: float, truth: Mapping[str, Any]) -> Sequence[LatentSummary]:
        """Return what q says of the latents that all observations share: nothing by default.

        Args:
            interval: the probability inside each credible interval, between 0 and 1.
            truth: `Splits.truth`. Where the latents may be relabelled without changing the joint, the labels that
                fit the truth best are held against it.
        """
        return ()
