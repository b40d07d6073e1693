"""Principal components: f(x) = V' (x - m), the columns of V the directions in which training data vary most."""

import torch
from torch import Tensor

from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import Splits
from genlab.interfaces.feature_extractor import FeatureExtractor
from genlab.parts.features.scaling import scaling_of, training_batches


class PCA(FeatureExtractor):
    """The coordinates in which the training data vary most."""

    def __init__(
        self,
        data: Splits,
        accelerator: Accelerator,
        /,
        *,
        components: PositiveInt = 64,
        examples: PositiveInt = 5_000,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            components: how many coordinates, at most as many as there are dimensions.
            examples: how many training observations they are fitted to, the first ones.

        Raises:
            IncompatibleError: when values are missing.
        """
        self._scaling = scaling_of(data, accelerator)
        rows = torch.cat([self._scaling.rows(batch.x) for batch in training_batches(data, accelerator, examples)])
        self._mean = rows.mean(0)
        centered = rows - self._mean
        variances, directions = _principal_axes(centered)
        kept = min(components, len(variances))
        self._basis = directions[:, :kept]
        share = float(variances[:kept].sum() / centered.square().sum().clamp(min=torch.finfo(torch.float64).tiny))
        self.name = f"pca{kept}"
        self.protocol = (
            f"{kept} principal components of {len(rows):,} training observations ({self._scaling.words}), "
            f"{share:.0%} of their variance"
        )

    def features(self, x: Tensor) -> Tensor:
        """Return the coordinates of x."""
        return (self._scaling.rows(x) - self._mean) @ self._basis


def _principal_axes(centered: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sums of squares along the axes, largest first, and the axes as columns, from the smaller product."""
    num_rows, num_dims = centered.shape
    if num_dims <= num_rows:
        variances, axes = torch.linalg.eigh(centered.mT @ centered)
        return variances.flip(0), axes.flip(1)
    variances, combinations = torch.linalg.eigh(centered @ centered.mT)
    variances, combinations = variances.flip(0), combinations.flip(1)
    kept = variances > 1e-12 * variances[0]  # N centered rows span N - 1 dimensions
    variances = variances[kept]
    return variances, centered.mT @ combinations[:, kept] / variances.sqrt()
