"""Flows, and the posterior on top of which they stand."""

import math

import numpy as np
import pytest
import torch
from genlab_vae.autoregressive import AutoregressiveNetwork
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.coupling import Coupling
from genlab_vae.flow import Flow
from genlab_vae.inverse_autoregressive import InverseAutoregressive
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE
from genlab_vae.normalizing_flow import FlowPosterior, NormalizingFlow
from genlab_vae.reparameterized import Reparameterized
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch, DataSpec, Part

SPEC = DataSpec("toy", (4,), 10, levels=2)
FLOWS = [Part(InverseAutoregressive, {"hidden": (6,), "steps": 3}), Part(Coupling, {"hidden": (6,), "steps": 3})]


def named(part: Part[Flow]) -> str:
    return part.target.__name__  # type: ignore[attr-defined, no-any-return]


def moved(module: torch.nn.Module) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(1)
    for parameter in module.double().parameters():
        parameter.data.add_(0.3 * torch.randn(parameter.shape, generator=generator).double())
    return module


def posterior(flow: Part[Flow], latent_dim: int = 2) -> FlowPosterior:
    torch.manual_seed(0)
    decoder, encoder = Part(MLPDecoder, {"hidden": (5,)}), Part(MLPEncoder, {"hidden": (5,)})
    model = VAE(SPEC, latent_dim=latent_dim, likelihood=Part(Bernoulli), decoder=decoder)
    family = moved(NormalizingFlow(model, SPEC, encoder=encoder, flow=flow, context_dim=3))
    assert isinstance(family, NormalizingFlow)
    return family.posterior(torch.tensor([[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0]]).double())


def draws(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_an_autoregressive_network_sees_earlier_dimensions_alone() -> None:
    network = moved(AutoregressiveNetwork(4, 3, 2, (7, 5), "tanh"))
    for output in (0, 1):
        jacobian = torch.autograd.functional.jacobian(
            lambda z, output=output: network(z, torch.ones(3).double())[output], draws(4)
        )
        assert torch.equal(jacobian, jacobian.tril(-1))
        assert (jacobian[torch.tril_indices(4, 4, -1).unbind()] != 0).all()


@pytest.mark.parametrize("hidden", [(), (4,)])
def test_the_context_reaches_every_dimension_even_a_single_one(hidden: tuple[int, ...]) -> None:
    for num_dims in (1, 3):
        network = moved(AutoregressiveNetwork(num_dims, 2, 1, hidden, "tanh"))
        (first,), (second,) = (network(draws(num_dims), context.double()) for context in torch.eye(2))
        assert (first != second).all()


@pytest.mark.parametrize("part", FLOWS, ids=named)
def test_the_log_determinant_is_that_of_the_jacobian_and_the_inverse_undoes_the_map(part: Part[Flow]) -> None:
    flow = moved(part(3, 2))
    z_0, context = draws(5, 2, 3), draws(2, 2)
    z, log_det = flow(z_0, context)
    for s in range(5):
        for b in range(2):
            jacobian = torch.autograd.functional.jacobian(
                lambda one, b=b: flow(one[None, None], context[b : b + 1])[0][0, 0], z_0[s, b]
            )
            assert math.isclose(float(torch.linalg.slogdet(jacobian)[1]), float(log_det[s, b].detach()), rel_tol=1e-9)
    back, log_det_there = flow.inverse(z, context)  # type: ignore[operator]
    torch.testing.assert_close(back, z_0)
    torch.testing.assert_close(log_det_there, log_det)


@pytest.mark.parametrize("kind", [Coupling, InverseAutoregressive])
def test_a_flow_begins_as_the_identity_and_moves_every_dimension(kind: type[Flow]) -> None:
    z_0, context = draws(5, 2, 3), draws(2, 2)
    z, log_det = kind(3, 2, steps=2).double()(z_0, context)
    assert torch.equal(z, z_0)
    assert torch.equal(log_det, torch.zeros(5, 2).double())
    assert (moved(kind(3, 2, steps=2))(z_0, context)[0] != z_0).all()


def test_coupling_refuses_a_single_dimension() -> None:
    with pytest.raises(IncompatibleError, match=r"at least 2 dimensions, got 1\. Use flow 'inverse-autoregressive'"):
        Coupling(1, 2)


@pytest.mark.parametrize("part", FLOWS, ids=named)
def test_the_density_integrates_to_one_over_the_plane(part: Part[Flow]) -> None:
    q = posterior(part)
    with torch.no_grad():
        z = q.sample(4000, generator=torch.Generator().manual_seed(0))
        low, high = z.amin((0, 1)) - 4 * z.std((0, 1)), z.amax((0, 1)) + 4 * z.std((0, 1))
        axes = [torch.linspace(float(low[d]), float(high[d]), 500).double() for d in range(2)]
        log_q = q.log_prob(torch.cartesian_prod(*axes).unsqueeze(1).expand(-1, 2, -1))["entropy"]
    cell = math.prod(float(axis[1] - axis[0]) for axis in axes)
    np.testing.assert_allclose(log_q.exp().sum(0) * cell, 1, atol=2e-3)


@pytest.mark.parametrize("part", FLOWS, ids=named)
def test_draws_follow_the_density(part: Part[Flow]) -> None:
    q = posterior(part)
    z = q.sample(40_000, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (slope,) = torch.autograd.grad(q.log_prob(z)["entropy"].sum(), z)
    z = z.detach()
    assert (slope.mean(0).abs() < 5 * slope.std(0) / math.sqrt(len(z))).all()
    # Integration by parts: E[(z - c) d log q / dz'] = -I for every smooth density.
    products = torch.einsum("sbi,sbj->sbij", z - z.mean(0), slope)
    error = products.mean(0) + torch.eye(2).double()
    assert (error.abs() < 5 * products.std(0) / math.sqrt(len(z))).all()


@pytest.mark.parametrize("part", FLOWS, ids=named)
def test_what_a_flow_says_of_z_are_the_moments_of_its_draws(part: Part[Flow]) -> None:
    q = posterior(part, latent_dim=4)
    z = q.sample(200_000, generator=torch.Generator().manual_seed(0))
    said = q.describe()
    spread = z.std(0)
    assert ((said["mean"] - z.mean(0)).abs() < 0.03 * spread).all()
    torch.testing.assert_close(said["std"], spread, rtol=0.05, atol=0)  # 512 points against 200,000


@pytest.mark.parametrize("part", FLOWS, ids=named)
def test_the_remembered_density_of_a_draw_is_the_one_computed_from_z(part: Part[Flow]) -> None:
    q = posterior(part)
    z = q.rsample(3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(q.log_prob(z)["entropy"], q.log_prob(z.clone())["entropy"])


@pytest.mark.parametrize("part", FLOWS, ids=named)
def test_the_remembered_density_has_the_same_gradient(part: Part[Flow]) -> None:
    gradients = []
    for copy in (False, True):
        q = posterior(part)
        z = q.rsample(3, generator=torch.Generator().manual_seed(0))
        value = q.log_prob(z.clone() if copy else z)["entropy"].square().sum()
        parameters = list(q._flow.parameters())
        gradients.append(torch.autograd.grad(value, parameters, allow_unused=True))
    for one, other in zip(*gradients, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other)


def test_a_draw_that_was_changed_or_has_no_gradient_is_computed_anew() -> None:
    q = posterior(FLOWS[0])
    z = q.sample(3, generator=torch.Generator().manual_seed(0))
    assert q.log_prob(z)["entropy"].requires_grad  # it was drawn without
    before = q.log_prob(z)["entropy"]
    z += 1
    assert not torch.allclose(q.log_prob(z)["entropy"], before)


def test_the_bound_of_a_flow_is_estimated_throughout() -> None:
    torch.manual_seed(0)
    decoder, encoder = Part(MLPDecoder, {"hidden": (5,)}), Part(MLPEncoder, {"hidden": (5,)})
    model = VAE(SPEC, latent_dim=2, likelihood=Part(Bernoulli), decoder=decoder).double()
    family = NormalizingFlow(model, SPEC, encoder=encoder).double()
    x = torch.zeros(2, 4).double()
    ledger = Reparameterized().estimate(model, family, Batch(x, 2), generator=torch.Generator())
    assert [(term.name, term.exact) for term in ledger.terms] == [("likelihood", False), ("kl", False)]


@pytest.mark.parametrize("part", FLOWS, ids=named)
def test_a_flow_keeps_its_precision_inside_autocast(part: Part[Flow]) -> None:
    flow, z_0, context = part(3, 2), draws(5, 2, 3).float(), draws(2, 2).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z, log_det = flow(z_0, context)
        back, _ = flow.inverse(z, context)
    assert (z.dtype, log_det.dtype, back.dtype) == (torch.float32,) * 3
