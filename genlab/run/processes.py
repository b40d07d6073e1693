"""Several processes that work on one run, started by torchrun.

Every process holds the same parameters and reads its own share of the data; what they find is summed. The first of
them, of rank 0, leads: it alone writes, prints, evaluates and draws.
"""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch

from genlab.errors import LostProcessError, UsageError

_PATIENCE = timedelta(days=1)
"""How long a process waits for the others, which may be evaluating; one that has died is noticed at once."""


@contextmanager
def joined_processes() -> Iterator[None]:
    """Join the processes that torchrun started, until this one ends; where there is one, do nothing.

    Raises:
        UsageError: when they do not find each other.
        LostProcessError: when another of them ended before its work was done.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if not torch.distributed.is_initialized():
        _join()
    try:
        yield
    except RuntimeError as error:
        if "gloo" in str(error).lower() or isinstance(error, torch.distributed.DistError):
            raise LostProcessError(
                "another process of this run has ended, so this one cannot go on. What that one said tells why."
            ) from error
        raise


def _join() -> None:
    try:
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        torch.distributed.init_process_group(backend, timeout=_PATIENCE)
        atexit.register(torch.distributed.destroy_process_group)
    except (ValueError, RuntimeError) as error:
        raise UsageError(
            f"the {os.environ['WORLD_SIZE']} processes of a run must find each other, and do not: {error}. Start them "
            "with torchrun."
        ) from error


def tell(text: str) -> str:
    """Return what the leading process says; every process must ask at the same point."""
    if not torch.distributed.is_initialized():
        return text
    message = torch.tensor(list(text.encode()), dtype=torch.uint8)
    length = torch.tensor([len(message)])
    torch.distributed.broadcast(length, 0)
    if torch.distributed.get_rank() > 0:
        message = torch.empty(int(length), dtype=torch.uint8)
    torch.distributed.broadcast(message, 0)
    return bytes(message.tolist()).decode()
