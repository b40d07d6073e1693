"""The samplers that follow the probability flow, by the order of their error."""

from genlab_ddpm.ddim import DDIM
from genlab_ddpm.dpm_solver import DPMSolver
from genlab_ddpm.heun import Heun
from genlab_ddpm.model import DDPM

from genlab.interfaces import Sampler


def flow_solver(kind: str, model: DDPM, steps: int) -> Sampler:
    """Return `ddim`, `heun` or `dpm-solver 1` to `3`, which keeps the states of all its steps."""
    if kind == "ddim":
        return DDIM(model, steps=steps, frames=steps)
    if kind == "heun":
        return Heun(model, steps=steps, frames=steps)
    return DPMSolver(model, steps=steps, order=int(kind.removeprefix("dpm-solver ")), frames=steps)
