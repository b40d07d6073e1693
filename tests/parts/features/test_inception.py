from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F
from torchvision.models import inception_v3

from genlab.errors import DataError, IncompatibleError
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.data.digits import Digits
from genlab.parts.features.inception import Inception

DIGITS = Digits().load()
ONE_CPU = CPU(precision="float32")


def test_it_is_what_torchvision_computes_before_the_last_layer(tmp_path):
    path = tmp_path / "inception.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = inception_v3(weights=None, init_weights=False, transform_input=True).eval()
    save_file(network.state_dict(), path)
    (batch,) = DIGITS.test.batches([torch.arange(2)], torch.Generator())
    features = Inception(DIGITS, ONE_CPU, weights=path).features(batch.x)
    # torchvision's own road: ImageNet's mean and standard deviation, which the network takes away again
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    grey = F.interpolate(batch.x / 16, (299, 299), mode="bilinear", antialias=True)
    hidden = []
    network.fc.register_forward_hook(lambda _module, inputs, _output: hidden.append(inputs[0]))
    with torch.no_grad():
        network((grey - mean.view(3, 1, 1)) / std.view(3, 1, 1))
    assert features.shape == (2, 2048)
    scale = hidden[0].abs().max()  # small, as nothing is trained
    torch.testing.assert_close(features / scale, hidden[0].double() / scale, rtol=0, atol=1e-4)


@pytest.mark.parametrize("content", [None, b"nothing"])
def test_a_file_that_is_no_such_network_says_how_to_make_one(tmp_path: Path, content: bytes | None):
    path = tmp_path / "inception.safetensors"
    if content is None:
        save_file({"conv.weight": torch.zeros(2)}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"Make one with safetensors.torch.save_file"):
        Inception(DIGITS, ONE_CPU, weights=path)


def test_images_with_levels_are_needed(tmp_path):
    for spec in (replace(DIGITS.spec, levels=None), replace(DIGITS.spec, event_shape=(2, 4, 8))):
        with pytest.raises(IncompatibleError, match="images with levels and 1 or 3 channels"):
            Inception(replace(DIGITS, spec=spec), ONE_CPU, weights=tmp_path / "w")
