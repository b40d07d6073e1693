"""Class-conditional diffusion, on two classes of Gaussian data whose denoisers are known."""

import pytest
import torch
from genlab_ddpm.ancestral import Ancestral
from genlab_ddpm.ddim import DDIM
from genlab_ddpm.dpm_solver import DPMSolver
from genlab_ddpm.estimator import Denoising
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.guidance import ClassifierFree
from genlab_ddpm.heun import Heun
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network import Network, NetworkSpec
from genlab_ddpm.network.unet import UNet
from linear_gaussian_diffusion import Oracle, seeded
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch, DataSpec, Part

MEANS = (-2.0, 3.0)
VAR = 0.05
T = 60
BETAS = {"beta_1": 1e-3, "beta_T": 0.25}


class TwoClasses(Network):
    """The optimal denoiser of x_0 ~ N(m_y, VAR); where no class is told, that of N(0, 4)."""

    def __init__(self, spec: NetworkSpec, /) -> None:
        super().__init__()
        assert spec.num_classes == 2
        betas = Linear(T, None, **BETAS).betas().numpy()
        self.oracles = [Oracle(betas, mean=mean, var=VAR) for mean in MEANS] + [Oracle(betas, mean=0.0, var=4.0)]
        self.told: list[Tensor] = []

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        assert y is not None
        self.told.append(y)
        columns = t.numpy().reshape(-1, 1)
        answers = torch.stack([torch.as_tensor(oracle.x_0_hat(x_t.numpy(), columns)) for oracle in self.oracles])
        return answers[y, torch.arange(len(y))].unsqueeze(1)


def two_classes() -> DDPM:
    return DDPM(
        DataSpec("two", (1,), num_train=10, num_classes=2),
        timesteps=T,
        schedule=Part(Linear, BETAS),
        network=Part(TwoClasses),
        prediction="x_0",
        class_conditional=True,
    ).double()


@pytest.mark.parametrize("sampler", [Ancestral, DDIM, Heun, DPMSolver])
def test_draws_are_of_the_classes_that_were_asked_for(sampler: type[Ancestral]) -> None:
    model = two_classes()
    steps = {} if sampler is Ancestral else {"steps": 20}
    guidance = Part(ClassifierFree, {"weight": 1.0, "classes": (1, 1, 0)})
    draws = sampler(model, guidance=guidance, **steps).draw(model, 9, generator=seeded())
    assert draws.y is not None
    assert draws.y.tolist() == [1, 1, 0] * 3
    x = draws.x.flatten()
    expected = torch.tensor([MEANS[y] for y in (1, 1, 0)] * 3, dtype=torch.float64)
    assert (x - expected).abs().max() < 6 * VAR**0.5
    free = sampler(model, **steps).draw(model, 400, generator=seeded())
    assert free.x.std().item() == pytest.approx(2.0, rel=0.2)
    assert free.y is None


def test_classes_come_in_turn_where_none_are_named() -> None:
    model = two_classes()
    x = DDIM(model, steps=10, guidance=Part(ClassifierFree)).draw(model, 5, generator=seeded()).x.flatten()
    assert (x > 0).tolist() == [False, True, False, True, False]


def test_draws_that_forget_their_class_are_of_none() -> None:
    model = two_classes()
    forgetful = DDIM(model, steps=10, guidance=Part(ClassifierFree, {"weight": 0.0}))
    assert forgetful.draw(model, 5, generator=seeded()).y is None


def test_the_weight_extrapolates_from_no_class_to_the_class() -> None:
    model = two_classes()
    x_t, t = torch.randn(4, 1, generator=seeded(), dtype=torch.float64), torch.tensor([3, 10, 30, 60])
    y = torch.tensor([1, 1, 1, 1])
    with_class, without = model.ask(x_t, t, y)[0], model.ask(x_t, t)[0]
    for weight in (0.0, 1.0, 2.5):
        guided, _ = ClassifierFree(model, weight=weight, classes=(1,)).ask(x_t, t)
        assert torch.allclose(guided, without + weight * (with_class - without))


def test_the_estimator_tells_the_classes_and_in_training_hides_a_tenth() -> None:
    model = two_classes()
    network = model.network
    assert isinstance(network, TwoClasses)
    y = torch.arange(4000) % 2
    batch = Batch(torch.zeros(4000, 1, dtype=torch.float64), 4000, y)
    Denoising().estimate(model.eval(), ForwardDiffusion(model), batch, generator=seeded())
    assert torch.equal(network.told[-1], y)
    Denoising().estimate(model.train(), ForwardDiffusion(model), batch, generator=seeded())
    hidden = network.told[-1] == model.no_class
    assert hidden.double().mean().item() == pytest.approx(0.1, abs=0.03)
    assert torch.equal(network.told[-1][~hidden], y[~hidden])


def test_knowing_the_class_makes_the_better_bound() -> None:
    model = two_classes()
    y = torch.arange(2000) % 2
    noise = torch.randn(2000, 1, generator=seeded(), dtype=torch.float64)
    x = torch.tensor(MEANS, dtype=torch.float64)[y].unsqueeze(1) + VAR**0.5 * noise
    bounds = [
        Denoising(timesteps=T)
        .estimate(model.eval(), ForwardDiffusion(model), Batch(x, 2000, told), generator=seeded(1))
        .per_example()
        .mean()
        for told in (y, None)
    ]
    assert bounds[0] > bounds[1] + 0.5


def test_a_u_net_hears_the_class() -> None:
    network = UNet(NetworkSpec((1, 8, 8), num_classes=3), channels=(4, 8), blocks=1)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2, generator=seeded())
    x_t, t = torch.randn(1, 1, 8, 8, generator=seeded()), torch.tensor([5])
    answers = [network(x_t, t, torch.tensor([y])) for y in range(4)]
    assert all(not torch.allclose(answers[0], answer) for answer in answers[1:])


def test_what_does_not_fit_is_refused() -> None:
    model = two_classes()
    with pytest.raises(IncompatibleError, match=r"must be of 0 to 1, got \[2\]"):
        ClassifierFree(model, classes=(2,))
    plain = DDPM(DataSpec("plain", (1, 8, 8), 10), network=Part(UNet, {"channels": (4,), "blocks": 1}))
    with pytest.raises(IncompatibleError, match="must have a model that was told classes"):
        ClassifierFree(plain)
    with pytest.raises(IncompatibleError, match="needs data with classes, and plain has none"):
        DDPM(DataSpec("plain", (1, 8, 8), 10), class_conditional=True)
