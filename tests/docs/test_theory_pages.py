"""The theory pages: every row of a model's ledger is explained under its name."""

import pytest
import torch
from markdown_page import ROOT

from genlab.assembly import assemble
from genlab.recipe import read_recipe

TRACE = "elbo={use = 'trace'}"
WEIGHTED = "elbo={use = 'importance-weighted', samples = 2}"
CASES = [
    ("mixture", ()),
    ("mixture", (TRACE,)),
    ("mixture", ("model.noise={use = 'learned', scale = 8.0}",)),
    ("mixture", ("model.noise={use = 'full', scale = 8.0}", "elbo={use = 'enumerated'}")),
    ("vae", ()),
    ("vae", (TRACE,)),
    ("vae", (WEIGHTED,)),
    ("ddpm", ()),
    ("ddpm", ("elbo={use = 'continuous-time'}",)),
    ("ddpm", (TRACE, "model.timesteps=3", "sampler.steps=3", "eval.elbo.timesteps=3")),
]


@pytest.mark.parametrize(("model", "overrides"), CASES)
@pytest.mark.filterwarnings("ignore:model 'ddpm':genlab.errors.GenlabWarning")
def test_every_term_is_named_on_its_models_page(model: str, overrides: tuple[str, ...]) -> None:
    assembly = assemble(read_recipe(model, [*overrides, "accelerator.use=cpu"]))
    generator = torch.Generator().manual_seed(0)
    (batch,) = assembly.data.train.batches([torch.arange(4)], generator)
    ledger = assembly.elbo.estimate(assembly.model, assembly.family, batch, generator=generator)
    page = (ROOT / "docs" / "theory" / f"{model}.md").read_text(encoding="utf-8")
    assert [term.name for term in ledger.terms if f"`{term.name}`" not in page] == []
