"""An assembly: the parts of one recipe, built and fitting together."""

from dataclasses import dataclass

from genlab.interfaces import (
    Accelerator,
    DataSource,
    ELBOEstimator,
    EvalSettings,
    LatentModel,
    Sampler,
    Splits,
    TrainSettings,
    UpdateRule,
    VariationalFamily,
)


@dataclass(frozen=True)
class Assembly:
    """Everything a run needs. `assemble` builds it from a recipe; in Python it may be put together by hand.

    Attributes:
        name: the run's name.
        seed: the seed all streams of randomness come from.
        source: where the data came from.
        data: the loaded splits, on the accelerator's device.
        model, family: on the accelerator's device.
        elbo: the estimator trained with.
        eval_elbo: the estimator evaluated with.
        update: how the parameters move.
        sampler: how x is drawn; None where the recipe names none.
        accelerator: device and precision.
        train, eval: the settings of the tables of those names.
    """

    name: str
    seed: int
    source: DataSource
    data: Splits
    model: LatentModel
    family: VariationalFamily
    elbo: ELBOEstimator
    eval_elbo: ELBOEstimator
    update: UpdateRule
    sampler: Sampler | None
    accelerator: Accelerator
    train: TrainSettings
    eval: EvalSettings
