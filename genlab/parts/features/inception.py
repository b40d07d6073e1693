"""The last hidden layer of Inception v3, trained on ImageNet by torchvision: what photographs are usually compared by.

The weights are read from a safetensors file; nothing is downloaded here. Published Frechet distances use another
training of this network, and other resizing, so numbers are comparable with each other and not with those.

Reference: Szegedy et al. 2016, "Rethinking the Inception architecture for computer vision".
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import inception_v3

from genlab.errors import DataError, IncompatibleError
from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.data_source import Splits
from genlab.interfaces.feature_extractor import FeatureExtractor
from genlab.parts.features.scaling import scaling_of

SIDE = 299
AT_ONCE = 32
"""Images at a time: at this size the first layers hold 3 MiB for each."""


class Inception(FeatureExtractor):
    """What Inception v3 sees of images, resized to 299x299 and grey ones in all three channels."""

    def __init__(self, data: Splits, accelerator: Accelerator, /, *, weights: Path) -> None:
        """Make one from a recipe's keys.

        Args:
            weights: a safetensors file with the state of torchvision's inception_v3.

        Raises:
            IncompatibleError: when the data are no images of 1 or 3 channels with levels.
            DataError: when the file cannot be read, or holds something else.
        """
        spec = data.spec
        if not spec.is_image or spec.event_shape[0] not in (1, 3) or spec.levels is None:
            raise IncompatibleError(
                f"eval.features of Inception must be of images with levels and 1 or 3 channels, got {spec.name} of "
                f"shape {spec.event_shape}. Use 'pca'."
            )
        self._event_shape = spec.event_shape
        self._scaling = scaling_of(data, accelerator)
        self._network = _loaded(weights).to(accelerator.device).eval()
        self.name = "inception"
        self.protocol = f"the last hidden layer of torchvision's Inception v3 ({weights.name}), images at {SIDE}x{SIDE}"

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layer, `(B, 2048)`."""
        with torch.no_grad():
            return torch.cat([self._hidden(x[start : start + AT_ONCE]) for start in range(0, len(x), AT_ONCE)])

    def _hidden(self, x: Tensor) -> Tensor:
        images = self._scaling.rows(x).float().view(-1, *self._event_shape).expand(-1, 3, -1, -1)
        resized = F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)
        hidden: Tensor = self._network(2 * resized - 1)
        return hidden.double()


def _loaded(path: Path) -> nn.Module:
    network: nn.Module = inception_v3(weights=None, aux_logits=False, init_weights=False)
    network.fc = nn.Identity()
    try:
        tensors = load_file(path)
        network.load_state_dict({k: v for k, v in tensors.items() if not k.startswith(("AuxLogits.", "fc."))})
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0].rstrip(".:")
        raise DataError(
            f"eval.features.weights must be a safetensors file of torchvision's inception_v3, got {path}: {reason}. "
            "Make one with safetensors.torch.save_file(torchvision.models.inception_v3(weights='DEFAULT')"
            ".state_dict(), PATH)."
        ) from error
    return network
