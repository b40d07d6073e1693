"""Laws of the parts that a diffusion owns: schedules, networks, objectives. The conformance kit alone imports them."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genlab.testing.check import CannotRun, check
from genlab.testing.claims import claim, claim_close, claim_equal, claim_finite, claim_tensor, needed
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab_ddpm.model import DDPM
from genlab_ddpm.network import NetworkSpec
from genlab_ddpm.schedule import Schedule

if TYPE_CHECKING:
    from genlab.assembly import Assembly
    from genlab.testing.subject import Subject


@check("schedule")
def betas_are_variances_of_a_chain(subject: "Subject") -> None:
    """`betas` returns beta_1..beta_T, `(T,)`, in float64, each above 0 and below 1, the same ones each time."""
    timesteps, schedule = _schedule(subject)
    betas = schedule.betas()
    claim_tensor(betas, "betas", like=torch.zeros((), dtype=torch.float64), shape=(timesteps,))
    claim_finite(betas, "betas")
    for t, beta in enumerate(betas.tolist(), start=1):
        claim(0 < beta < 1, f"beta_{t} must be above 0 and below 1, got {beta}")
    claim_equal(schedule.betas(), betas, "betas, asked for again,")


@check("schedule")
def signal_falls_at_every_step(subject: "Subject") -> None:
    """alpha_bar, the share of the signal's variance that is left, falls from one step to the next and stays above 0."""
    _, schedule = _schedule(subject)
    alpha_bar = (1 - schedule.betas()).cumprod(0)
    before = torch.cat([alpha_bar.new_ones(1), alpha_bar[:-1]])
    claim(bool((alpha_bar > 0).all()), f"alpha_bar must be above 0, got {alpha_bar.tolist()}")
    claim(bool((alpha_bar < before).all()), f"alpha_bar must fall, got {alpha_bar.tolist()}")


@check("network")
def network_gives_what_it_was_asked_for(subject: "Subject") -> None:
    """A network built for `num_outputs` returns `(B, num_outputs, *X)`, finite, each observation's own.

    Without a generator it draws nothing at random, in training neither.
    """
    assembly = subject.assembly()
    x, t = subject.batch(assembly, 3).x.cpu(), torch.tensor([1, 2, 1])
    for num_outputs in (1, 2):
        network = _moved(subject, assembly, num_outputs)
        shape = (3, num_outputs, *assembly.data.spec.event_shape)
        with torch.no_grad(), global_generators_untouched("the network"):
            whole = network(x, t)
            claim_tensor(whole, "the output", like=x, shape=shape)
            claim_finite(whole, "the output")
            claim_close(network(x[1:2], t[1:2]), whole[1:2], "the output of one observation alone")
            claim_close(network(x.flip(0), t.flip(0)), whole.flip(0), "the output in another order")


@check("network")
def network_draws_from_its_generator_alone(subject: "Subject") -> None:
    """Two training passes with equal generators are equal to the last bit."""
    assembly = subject.assembly()
    x, t = subject.batch(assembly, 3).x.cpu(), torch.tensor([1, 2, 1])
    network = _moved(subject, assembly, 1).train()
    with torch.no_grad(), global_generators_untouched("the network"):
        first = network(x, t, generator=torch.Generator().manual_seed(0))
    scramble_global_generators(1)
    with torch.no_grad():
        claim_equal(
            network(x, t, generator=torch.Generator().manual_seed(0)), first, "the output with an equal generator"
        )


@check("network")
def network_knows_the_timestep(subject: "Subject") -> None:
    """The output depends on t."""
    assembly = subject.assembly()
    x = subject.batch(assembly, 3).x.cpu()
    network = _moved(subject, assembly, 1)
    with torch.no_grad():
        early, late = (network(x, torch.full((3,), t)) for t in (1, 2))
    claim(not torch.equal(early, late), "the output must depend on the timestep, got the same at t = 1 and t = 2")


@check("network")
def network_knows_what_lies_between_timesteps(subject: "Subject") -> None:
    """A real t is taken too: a whole one is the timestep it equals, and one between two gives another finite output.

    A learned schedule tells the network such, and learns from the derivative.
    """
    assembly = subject.assembly()
    x = subject.batch(assembly, 3).x.cpu()
    network = _moved(subject, assembly, 1)
    with torch.no_grad():
        whole, between = (network(x, torch.full((3,), t, dtype=x.dtype)) for t in (1.0, 1.5))
        claim_close(whole, network(x, torch.ones(3, dtype=torch.long)), "the output at t = 1.0, which is t = 1,")
    claim_finite(between, "the output at t = 1.5")
    claim(not torch.equal(between, whole), "the output must depend on a real t, got the same at t = 1 and t = 1.5")


@check("objective")
def weights_are_finite_and_not_negative(subject: "Subject") -> None:
    """`error_weight` returns `(B,)` finite weights, none below 0 and not all 0, unless the bound is all there is."""
    assembly = subject.assembly()
    model = _model(assembly)
    objective = subject.part()
    t = torch.arange(1, model.timesteps + 1, device=model.chain.beta.device)
    weight = objective.error_weight(model, t)
    claim_tensor(weight, "error_weight", like=model.chain.beta, shape=(model.timesteps,))
    claim_finite(weight, "error_weight")
    claim(bool((weight >= 0).all()), f"error_weight must not be negative, got {weight.tolist()}")
    if objective.surrogate is not None:
        claim(bool((weight > 0).any()), "error_weight must not be 0 at every timestep, got only zeros")


def _schedule(subject: "Subject") -> tuple[int, Schedule]:
    """Return T and the schedule, for real data; not by way of the model, which refuses one that breaks these laws."""
    timesteps = subject.setting.checked.resolved["model"]["timesteps"]
    return timesteps, subject.part(timesteps, None)


def _model(assembly: "Assembly") -> DDPM:
    if not isinstance(assembly.model, DDPM):
        raise CannotRun("the setting's model is no DDPM")
    return assembly.model


def _moved(subject: "Subject", assembly: "Assembly", num_outputs: int) -> torch.nn.Module:
    """Return the network, built in float64, its parameters moved: some start at zero."""
    needed(_model(assembly).timesteps > 1, "the chain has one timestep")
    network: torch.nn.Module = subject.part(NetworkSpec(assembly.data.spec.event_shape, num_outputs)).double()
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        noise: Tensor = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        parameter.data.add_(noise, alpha=0.1)
    return network
