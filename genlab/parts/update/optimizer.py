"""Optimisers of torch, by name, and their state as plain nested dicts."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from genlab.errors import IncompatibleError
from genlab.spelling import did_you_mean


def _steps_from_gradients(value: object) -> bool:
    """Whether `value` is an optimiser whose step needs no closure (LBFGS does)."""
    return (
        inspect.isclass(value)
        and issubclass(value, torch.optim.Optimizer)
        and value is not torch.optim.Optimizer
        and inspect.signature(value.step).parameters["closure"].default is None
    )


_OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    name.lower(): value for name, value in vars(torch.optim).items() if _steps_from_gradients(value)
}


def build_optimizer(
    name: str, parameters: list[nn.Parameter], lr: float, options: dict[str, Any]
) -> torch.optim.Optimizer:
    """Return an optimiser of torch.optim, in its fused form where it has one.

    Raises:
        IncompatibleError: when torch has none of that name, or it refuses an option.
    """
    if name.lower() not in _OPTIMIZERS:
        hint = did_you_mean(name, _OPTIMIZERS)
        raise IncompatibleError(
            f"update.optimizer must be one of {', '.join(sorted(_OPTIMIZERS))}, got {name!r}.{hint}"
        )
    target = _OPTIMIZERS[name.lower()]
    known = inspect.signature(target).parameters
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise IncompatibleError(f"update.options must be arguments of torch.optim's {name}, got {unknown}.")
    fused = {"fused": True} if "fused" in known and "foreach" not in options else {}
    try:
        return target(parameters, lr=lr, **(fused | options))
    except (TypeError, ValueError) as error:
        raise IncompatibleError(f"update.options must suit torch.optim's {name}: {error}.") from error


def moments(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return what the optimiser remembers of each parameter, by the parameter's index."""
    state = optimizer.state_dict()["state"]
    return {str(index): dict(values) for index, values in state.items()}


def load_moments(optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """Take up saved moments, each in the memory layout of its parameter: fused kernels read both side by side."""
    parameters = [value for group in optimizer.param_groups for value in group["params"]]
    state = {
        int(index): {
            key: torch.empty_like(parameters[int(index)]).copy_(value)
            if isinstance(value, torch.Tensor) and value.shape == parameters[int(index)].shape and value.ndim > 0
            else value
            for key, value in values.items()
        }
        for index, values in saved.items()
    }
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
