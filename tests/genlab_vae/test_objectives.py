import genlab_vae.plugin
import pytest
import torch
from genlab_vae.objectives import Beta, Bound, FreeBits, WarmUp

import genlab.parts.plugin
from genlab.assembly import assemble
from genlab.discovery import Registry
from genlab.recipe import Recipe
from genlab.run.evaluate import evaluate
from genlab.run.fit import fit
from genlab.run.state import TrainingState

KL = torch.tensor([[0.1, 2.0, 0.0], [0.3, 4.0, 0.4]], dtype=torch.float64)  # means 0.2, 3.0, 0.2


def test_the_bound_costs_the_divergence_and_beta_times_as_much() -> None:
    assert Bound().divergence_cost(KL, None).item() == pytest.approx(3.4)
    assert Beta(beta=0.5).divergence_cost(KL, 3).item() == pytest.approx(1.7)


def test_warming_up_raises_the_weight_in_equal_steps_and_then_keeps_it() -> None:
    objective = WarmUp(steps=4, beta=2.0)
    costs = [objective.divergence_cost(KL, step).item() / 3.4 for step in range(6)]
    assert costs == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])


def test_free_bits_are_free_for_a_latent_on_average_over_the_minibatch() -> None:
    kl = KL.clone().requires_grad_()
    cost = FreeBits(nats=0.3).divergence_cost(kl, None)
    assert cost.item() == pytest.approx(0.3 + 3.0 + 0.3)
    (slopes,) = torch.autograd.grad(cost, kl)
    assert slopes.tolist() == [[0.0, 0.5, 0.0], [0.0, 0.5, 0.0]]


def test_free_bits_may_be_shared_by_a_group_and_the_last_group_is_what_is_left() -> None:
    assert FreeBits(nats=0.3, group=2).divergence_cost(KL, None).item() == pytest.approx(3.2 + 0.3)
    assert FreeBits(nats=5.0, group=3).divergence_cost(KL, None).item() == pytest.approx(5.0)


def state(train_steps: int, **objective: object) -> TrainingState:
    tables = {
        "name": "small",
        "data": {"use": "digits", "batch_size": 8},
        "model": {
            "use": "vae",
            "latent_dim": 2,
            "likelihood": {"use": "discretized-logistic"},
            "decoder": {"use": "mlp", "hidden": [4]},
        },
        "family": {"use": "diagonal-gaussian", "encoder": {"use": "mlp", "hidden": [4]}},
        "elbo": {"use": "reparameterized", "objective": objective},
        "update": {"use": "gradient"},
        "train": {"steps": train_steps},
        "accelerator": {"use": "cpu", "precision": "float32"},
    }
    registry = Registry.from_plugins({"genlab:core": genlab.parts.plugin, "vae": genlab_vae.plugin})
    return TrainingState(assemble(Recipe.from_tables(tables), registry))


def parameters(trained: TrainingState) -> torch.Tensor:
    modules = (trained.assembly.model, trained.assembly.family)
    return torch.cat([value.detach().flatten() for module in modules for value in module.parameters()])


def test_a_run_that_is_resumed_while_it_warms_up_ends_with_the_same_bits() -> None:
    through, stopped, resumed = (state(count, use="warm-up", steps=8) for count in (6, 3, 6))
    fit(through.assembly, state=through)
    fit(stopped.assembly, state=stopped)
    resumed.load_state_dict(stopped.state_dict())
    fit(resumed.assembly, state=resumed)
    assert torch.equal(parameters(resumed), parameters(through))
    other = state(6, use="warm-up", steps=7)
    fit(other.assembly, state=other)
    assert not torch.equal(parameters(other), parameters(through))


def test_an_evaluation_in_the_middle_of_warming_up_says_what_is_minimized_in_the_end() -> None:
    trained = state(3, use="warm-up", steps=100)
    fit(trained.assembly, state=trained)
    metrics = evaluate(trained.assembly, "validation", max_examples=20).metrics
    assert metrics["objective_warm_up"] == pytest.approx(-metrics["elbo_nats"], rel=1e-6)
