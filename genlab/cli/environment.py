"""What genlab runs on: versions, devices, precision, folders."""

import os
import platform
from typing import Any

import torch

from genlab.discovery import Registry
from genlab.parts.accelerator.auto import auto
from genlab.version import environment_versions

VARIABLES = ("GENLAB_DATA", "GENLAB_BLOCK", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "WORLD_SIZE", "RANK")


def environment(registry: Registry) -> dict[str, Any]:
    """Return the facts a report of a problem should contain.

    Args:
        registry: the installed plugins; each may add facts of its own.

    Returns:
        Facts by name, in nested mappings.
    """
    return {
        "versions": environment_versions(),
        "platform": platform.platform(),
        "cpu": {"cores": os.cpu_count(), "torch_threads": torch.get_num_threads()},
        "gpus": [_gpu(index) for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0)],
        "torch_built_for_cuda": torch.version.cuda,
        "accelerator": {"auto": auto().describe(), "precisions": ["float32", "bfloat16"]},
        "plugins": {
            plugin.name: f"{plugin.distribution} {plugin.version}, {plugin.status}" for plugin in registry.plugins
        },
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "from_plugins": _from_plugins(registry),
    }


def _gpu(index: int) -> dict[str, Any]:
    properties = torch.cuda.get_device_properties(index)
    return {
        "name": properties.name,
        "memory_bytes": properties.total_memory,
        "compute_capability": f"{properties.major}.{properties.minor}",
    }


def _from_plugins(registry: Registry) -> dict[str, str]:
    facts: dict[str, str] = {}
    for reported in registry.hooks.call("genlab_environment"):
        facts |= {str(name): str(fact) for name, fact in reported.items()}
    return facts
