"""An estimator of the evidence lower bound."""

import abc
from typing import ClassVar

import torch

from genlab.interfaces.data_source import Batch
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.partner import Partner
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger


class ELBOEstimator(Partner, abc.ABC):
    """How the bound is estimated, and what training minimises.

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
        bound_name: the metric's name where the bound is not the plain ELBO, with its protocol:
            `log_evidence_iw5000`.
        gradient_on_average: whether the gradient of an estimate is right on average only, and not the derivative of the
            estimate with the noise held.
        evaluation_only: whether it has no gradient to train by; a recipe may name it in `[eval]` alone.
        protocol: how the estimate is made, in a few words for the `protocol` line of an evaluation.
    """

    slot: ClassVar[str] = "elbo"
    bound_name: str = "elbo"
    gradient_on_average: bool = False
    evaluation_only: ClassVar[bool] = False
    protocol: str

    @abc.abstractmethod
    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Estimate the bound on a batch.

        The estimate is unbiased over the generator's randomness; on a minibatch, over the choice of the
        minibatch too. It is differentiable in the parameters that training moves.

        Args:
            model: the joint p(x, z).
            family: the allowed q(z given x).
            batch: B of N observations.
            generator: the only source of randomness, on the batch's device.
        """

    def begin_step(self, step: int) -> None:
        """Hear that a training step begins, for an objective that changes on the way; the bound may not.

        The training loop calls it before each step, of a resumed run too. An estimator that was never told minimises
        what it does at the end of training.

        Args:
            step: how many steps were made before, 0 at the first.
        """
