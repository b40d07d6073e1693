"""The networks that `ddpm.py` and `ddpm_sampling.py` time: the same layers in genlab and in diffusers, of two sizes."""

import sys
from typing import Any

from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet

from genlab.interfaces import DataSpec, Part

TIMESTEPS = 1000
CHANNELS = {"1.6M": (32, 64, 64), "6.5M": (64, 128, 128)}
BATCH_SIZES = {"1.6M": 128, "6.5M": 64}
BLOCKS = 2


def genlab_model(size: str, num_data: int) -> DDPM:
    """Return a diffusion of 28x28 images."""
    return DDPM(
        DataSpec("random", (1, 28, 28), num_data, levels=256),
        timesteps=TIMESTEPS,
        network=Part(UNet, {"channels": CHANNELS[size], "blocks": BLOCKS}),
    )


def diffusers_network(size: str) -> Any:
    """Return diffusers' network of the same layers."""
    try:
        from diffusers import UNet2DModel
    except ImportError:
        sys.exit("This compares with diffusers, which is not installed: pip install diffusers")
    channels = CHANNELS[size]
    return UNet2DModel(
        sample_size=28,
        in_channels=1,
        out_channels=1,
        block_out_channels=channels,
        layers_per_block=BLOCKS,
        down_block_types=("DownBlock2D",) * len(channels),
        up_block_types=("UpBlock2D",) * len(channels),
        attention_head_dim=channels[-1],
    )
