import pytest
import torch
from torch import nn
from toy import ToyFamily, ToyModel, toy_assembly

from genlab.errors import IncompatibleError
from genlab.interfaces import TrainSettings
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.elbo.trace import Trace
from genlab.parts.update.gradient import Gradient
from genlab.parts.update.optimizer import build_optimizer, load_moments, moments
from genlab.run import fit


def rule(**keys):
    return Gradient(ToyModel(), ToyFamily(), Trace(), CPU(), TrainSettings(steps=100), **keys)


def test_the_learning_rate_rises_linearly_then_falls_as_a_cosine():
    gradient = rule(lr=1.0, warmup_steps=10, decay="cosine")
    assert gradient.learning_rate(0) == pytest.approx(0.1)
    assert gradient.learning_rate(9) == pytest.approx(1.0)
    assert gradient.learning_rate(55) == pytest.approx(0.5)
    assert gradient.learning_rate(100) == pytest.approx(0.0)


def test_linear_decay_reaches_zero_and_constant_stays():
    assert rule(lr=2.0, decay="linear").learning_rate(75) == pytest.approx(0.5)
    assert rule(lr=2.0).learning_rate(99) == 2.0


def test_a_step_is_the_optimisers_own_on_the_same_gradient():
    assembly = toy_assembly(optimizer="sgd", lr=0.1)
    batch = assembly.data.train.x[:16]

    class Data:
        num_data = 50

        def next(self):
            return next(assembly.data.train.batches([torch.arange(16)], torch.Generator()))

    reference = ToyFamily()
    ledger = assembly.update.step(Data(), generator=torch.Generator().manual_seed(0))
    posterior = reference.posterior(batch)
    z = posterior.rsample(1, generator=torch.Generator().manual_seed(0))
    log_joint = sum(ToyModel().log_joint(batch, z).values())
    bound = (log_joint - posterior.log_prob(z)["entropy"]).mean()
    bound.backward()
    assert ledger.per_example().mean().item() == pytest.approx(bound.item(), rel=1e-5)
    assert assembly.family.slope.item() == pytest.approx(0.1 + 0.1 * reference.slope.grad.item(), rel=1e-5)


def test_the_average_follows_its_recursion():
    assembly = toy_assembly(ema=0.5, lr=0.1)
    expected = assembly.family.slope.item()

    class Data:
        def next(self):
            return next(assembly.data.train.batches([torch.arange(16)], torch.Generator()))

    for t in range(1, 6):
        assembly.update.step(Data(), generator=torch.Generator().manual_seed(t))
        decay = min(0.5, (1 + t) / (10 + t))
        expected = decay * expected + (1 - decay) * assembly.family.slope.item()
    with assembly.update.evaluation_weights():
        assert assembly.family.slope.item() == pytest.approx(expected, rel=1e-5)


def test_an_unknown_optimiser_lists_the_nearest_and_an_unknown_option_is_named():
    with pytest.raises(IncompatibleError, match="Did you mean 'adamw'"):
        rule(optimizer="admaw")
    with pytest.raises(IncompatibleError, match="beta_1"):
        rule(options={"beta_1": 0.9})
    with pytest.raises(IncompatibleError, match="must suit"):
        rule(options={"betas": [2.0, 0.9]})


def test_nothing_to_move_is_explained():
    family = ToyFamily().requires_grad_(False)
    with pytest.raises(IncompatibleError, match="parameters to move"):
        Gradient(ToyModel(), family, Trace(), CPU(), TrainSettings(steps=1))


@pytest.mark.parametrize("name", ["adamw", "sgd", "rmsprop"])
def test_loaded_moments_continue_with_the_same_bits_in_channels_last(name):
    def network():
        return nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)

    options = {} if name == "adamw" else {"momentum": 0.9}
    one, other = network(), network()
    other.load_state_dict(one.state_dict())
    optimizer = build_optimizer(name, list(one.parameters()), 0.1, options)
    fresh = build_optimizer(name, list(other.parameters()), 0.1, options)
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    def step(net, optim):
        optim.zero_grad()
        net(x).square().sum().backward()
        optim.step()

    step(one, optimizer)
    saved = {
        index: {key: value.contiguous().clone() if torch.is_tensor(value) else value for key, value in values.items()}
        for index, values in moments(optimizer).items()
    }
    other.load_state_dict(one.state_dict())
    load_moments(fresh, saved)
    step(one, optimizer)
    step(other, fresh)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_another_runs_moments_are_carried_over_where_the_optimiser_is_the_same():
    first, other, same = (toy_assembly(optimizer=name, ema=0.9) for name in ("adamw", "sgd", "adamw"))
    fit(first)
    state = first.update.state_dict()
    for assembly in (other, same):
        assembly.family.load_state_dict(first.family.state_dict())
        assembly.update.carry_over(state)
    assert other.update.state_dict()["moments"] == {}
    assert torch.equal(same.update.state_dict()["moments"]["0"]["exp_avg"], state["moments"]["0"]["exp_avg"])
    for assembly in (other, same):
        assert assembly.update.state_dict()["updates"] == 0
        assert torch.equal(assembly.update.state_dict()["average"]["0"], first.family.slope)
