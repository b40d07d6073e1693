"""Laws of the parts that a VAE owns: likelihoods, priors, flows, networks. The conformance kit alone imports them."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from genlab.interfaces import DataSpec
from genlab.testing.check import check
from genlab.testing.claims import claim, claim_close, claim_equal, claim_finite, claim_mean, claim_tensor, needed
from genlab.testing.examples import batch_sizes, examples, num_samples, seeds
from genlab.testing.integration import Points, all_x, grid_around, log_total
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab_vae.likelihood import Likelihood
from genlab_vae.model import VAE

if TYPE_CHECKING:
    from genlab.testing.subject import Subject

_DRAWS = 4000
_LATENT_DIM = 2
_CONTEXT_DIM = 3


@check("likelihood")
def likelihood_gives_one_number_for_each_output(subject: "Subject") -> None:
    """`log_prob` returns `(S, B)`, finite, and `mean` and `sample` have the shape of x."""
    likelihood, spec, x = _scene(subject, 4)

    @examples(size=batch_sizes, samples=num_samples, seed=seeds)
    def holds(size: int, samples: int, seed: int) -> None:
        output, few = _outputs(likelihood, samples, size, seed), x[:1].expand(size, *spec.event_shape)
        log_prob = likelihood.log_prob(few, output)
        claim_tensor(log_prob, "log_prob", like=x, shape=(samples, size))
        claim_finite(log_prob.detach(), "log_prob")
        claim_tensor(likelihood.mean(output[0]), "mean", like=x, shape=(size, *spec.event_shape))
        drawn = likelihood.sample(output[0], generator=torch.Generator().manual_seed(seed))
        claim_tensor(drawn, "sample", like=x, shape=(size, *spec.event_shape))

    holds()


@check("likelihood")
def all_x_have_probability_one_given_an_output(subject: "Subject") -> None:
    """p(x given z) sums to one over all x, or integrates to one, whatever the decoder says.

    It runs where x takes at most 4,096 values, or is one or two real numbers.
    """
    likelihood, spec, x = _scene(subject, 8)
    points = all_x(spec, x)

    @examples(seed=seeds)
    def holds(seed: int) -> None:
        log_sum = log_total(points, _log_prob_given(likelihood, _outputs(likelihood, 1, 1, seed)))
        claim(abs(log_sum) < 1e-4, f"p(x given z) must sum to 1, got a total whose log is {log_sum:.4g}")

    holds()


@check("likelihood")
def likelihood_draws_what_it_says(subject: "Subject") -> None:
    """The mean of draws, the mean of their squares and `mean` are those of the law that `log_prob` says.

    It runs where x takes at most 4,096 values, or is one or two real numbers.
    """
    likelihood, spec, x = _scene(subject, 8)
    points = all_x(spec, x)
    output = _outputs(likelihood, 1, 1, seed=0)
    mean, square = _moments(points, _log_prob_given(likelihood, output))
    claim_close(likelihood.mean(output[0])[0].detach(), mean, "mean", rtol=1e-4, atol=1e-4)
    many = output[0].expand(_DRAWS, *output.shape[2:])
    with torch.no_grad(), global_generators_untouched("sample"):
        drawn = likelihood.sample(many, generator=torch.Generator().manual_seed(0))
    claim_mean(drawn, mean, "a draw of x")
    claim_mean(drawn.square(), square, "the square of a draw of x")
    scramble_global_generators(1)
    with torch.no_grad():
        again = likelihood.sample(many, generator=torch.Generator().manual_seed(0))
    claim_equal(again, drawn, "x drawn again with an equal generator")


@check("prior")
def all_z_have_prior_probability_one(subject: "Subject") -> None:
    """p(z) integrates to one. It runs where z has one or two dimensions."""
    model, z = _latents(subject, 256)
    log_sum = log_total(grid_around(z), lambda grid: model.prior.log_prob(grid.unsqueeze(1))[:, 0])
    claim(abs(log_sum) < 1e-4, f"p(z) must integrate to 1, got a total whose log is {log_sum:.4g}")


@check("prior")
def prior_draws_what_it_says(subject: "Subject") -> None:
    """Draws of z have the moments that the slope of log p(z) demands: E[d log p / dz] = 0, E[z d log p / dz] = -1."""
    model, z = _latents(subject, _DRAWS)
    log_prob = model.prior.log_prob(z.requires_grad_().unsqueeze(1))
    claim_tensor(log_prob, "log_prob", like=z, shape=(len(z), 1))
    (slope,) = torch.autograd.grad(log_prob.sum(), z)
    claim_mean(slope, 0.0, "d log p / dz")
    claim_mean(z.detach() * slope, -1.0, "z d log p / dz, which is -1 where variances agree,")
    again = _latents(subject, _DRAWS)[1]
    claim_equal(again, z.detach(), "z drawn again with an equal generator")


@check("flow")
def flow_is_undone_and_knows_its_determinant(subject: "Subject") -> None:
    """`inverse` undoes `forward`, and both give the log determinant of the Jacobian that automatic differentiation has.

    It fails for a term that is missing from the determinant, and where observations see each other.
    """
    flow = subject.part(_LATENT_DIM, _CONTEXT_DIM).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in flow.parameters():  # as built, many a flow is the identity
            parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64), alpha=0.5)
    z_0, context = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((3, 4, _LATENT_DIM), (4, _CONTEXT_DIM))
    )
    with torch.no_grad():
        z, log_det = flow(z_0, context)
        back, log_det_there = flow.inverse(z, context)
    claim_tensor(z, "the image of z_0", like=z_0, shape=tuple(z_0.shape))
    claim_tensor(log_det, "the log determinant", like=z_0, shape=(3, 4))
    claim_close(back, z_0, "the inverse of the image", rtol=1e-6, atol=1e-6)
    claim_close(log_det_there, log_det, "the log determinant that inverse gives", rtol=1e-6, atol=1e-6)
    for s in range(3):
        for b in range(4):

            def alone(one: Tensor, b: int = b) -> Tensor:
                image: Tensor = flow(one.reshape(1, 1, -1), context[b : b + 1])[0]
                return image.flatten()

            jacobian = torch.autograd.functional.jacobian(alone, z_0[s, b])  # type: ignore[no-untyped-call]
            claim_close(log_det[s, b], torch.linalg.slogdet(jacobian)[1], "the log determinant", rtol=1e-6, atol=1e-6)


@check("encoder")
def encoder_gives_the_numbers_asked_for(subject: "Subject") -> None:
    """An encoder built for `num_outputs` returns `(B, num_outputs)`, each observation's own."""
    assembly = subject.assembly()
    x = subject.batch(assembly, 4).x.cpu()  # the part is built there too
    _claim_network(subject.part(assembly.data.spec.event_shape, 5).double(), x, (5,))


@check("decoder")
def decoder_gives_the_shape_asked_for(subject: "Subject") -> None:
    """A decoder built for `output_shape` returns `(B, *O)`, each z's own."""
    shape = subject.assembly().data.spec.event_shape
    z = torch.randn((4, _LATENT_DIM), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    _claim_network(subject.part(_LATENT_DIM, shape).double(), z, shape)


def _claim_network(network: Any, given: Tensor, shape: tuple[int, ...]) -> None:
    with torch.no_grad(), global_generators_untouched("the network"):
        whole = network(given)
        claim_tensor(whole, "the output", like=given, shape=(len(given), *shape))
        claim_finite(whole, "the output")
        claim_close(network(given[2:3]), whole[2:3], "the output of one alone")
        claim_close(network(given.flip(0)), whole.flip(0), "the output in another order")


def _scene(subject: "Subject", size: int) -> tuple[Likelihood, DataSpec, Tensor]:
    """Return the likelihood, built for the setting's data in float64, and some of these."""
    assembly = subject.assembly()
    likelihood = subject.part(assembly.data.spec).double()
    needed(isinstance(likelihood, Likelihood), "it is no likelihood of genlab_vae")
    return likelihood, assembly.data.spec, subject.batch(assembly, size).x.cpu()  # the part is built there too


def _latents(subject: "Subject", num_draws: int) -> tuple[VAE, Tensor]:
    """Return the setting's model and draws of its prior, `(num_draws, J)`."""
    assembly = subject.assembly()
    needed(isinstance(assembly.model, VAE), "the model is no VAE of genlab_vae")
    assert isinstance(assembly.model, VAE)
    with torch.no_grad(), global_generators_untouched("sample_prior"):
        return assembly.model, assembly.model.sample_prior(num_draws, generator=subject.generator(assembly))


def _outputs(likelihood: Likelihood, samples: int, size: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((samples, size, *likelihood.output_shape), generator=generator, dtype=torch.float64)


def _log_prob_given(likelihood: Likelihood, output: Tensor) -> Any:
    def log_prob(x: Tensor) -> Tensor:
        return likelihood.log_prob(x, output.expand(1, len(x), *output.shape[2:]))[0]

    return log_prob


def _moments(points: Points, log_prob: Any) -> tuple[Tensor, Tensor]:
    """Return the expectations of x and of its square, by summing over all x."""
    with torch.no_grad():
        weight = torch.exp(log_prob(points.at) + points.log_weight)
    weight = weight.reshape(-1, *[1] * (points.at.ndim - 1))
    return (weight * points.at).sum(0), (weight * points.at.square()).sum(0)
