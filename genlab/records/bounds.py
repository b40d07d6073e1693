"""A run's logged metrics in words: the bound, its terms, the speed."""

from collections.abc import Mapping
from typing import Any

from genlab import numbers


def bound_words(metrics: Mapping[str, Any], prefix: str = "") -> str:
    """Write the bound: in bits per dimension where the data are discrete, else in nats.

    >>> bound_words({"elbo_nats": -88.72284})
    '-88.723 nats an example'
    >>> bound_words({"validation_bits_per_dim": 2.125, "validation_elbo_nats": -88.7}, "validation_")
    '2.1250 bits/dim'

    Args:
        metrics: a logged line.
        prefix: `validation_` or `test_` for the bound on those data.

    Returns:
        The words; empty where the line has no such bound.
    """
    bits, nats = metrics.get(f"{prefix}bits_per_dim"), metrics.get(f"{prefix}elbo_nats")
    if bits is not None:
        return f"{numbers.value(bits, metrics.get(f'{prefix}bits_per_dim_se'))} bits/dim"
    if nats is not None:
        return f"{numbers.value(nats, metrics.get(f'{prefix}elbo_nats_se'))} nats an example"
    return ""


def surrogate_words(metrics: Mapping[str, Any]) -> str:
    """Write what training minimises where that is not the negative bound.

    >>> surrogate_words({"objective_simple": 0.03125, "elbo_nats": -88.7})
    'simple 0.031250'
    """
    named = [(key.removeprefix("objective_"), metrics[key]) for key in metrics if key.startswith("objective_")]
    return ", ".join(f"{name} {numbers.value(value)}" for name, value in named)


def rate_words(metrics: Mapping[str, Any]) -> str:
    """Write the speed; empty where the line has none, or no observation was read.

    >>> rate_words({"examples_per_second": 12345.6})
    '12,346 examples/s'
    >>> rate_words({"examples_per_second": 0.0})
    ''
    """
    rate = metrics.get("examples_per_second")
    return f"{numbers.significant(rate)} examples/s" if rate else ""


def memory_words(metrics: Mapping[str, Any]) -> str:
    """Write the most memory used so far; empty where it is not known.

    >>> memory_words({"peak_memory_bytes": 3 * 2**20})
    '3.0 MiB'
    """
    used = metrics.get("peak_memory_bytes")
    return numbers.memory(used) if used else ""
