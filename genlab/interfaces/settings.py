"""The recipe's tables that are not parts: `[train]` and `[eval]`."""

from dataclasses import dataclass

from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.feature_extractor import FeatureExtractor
from genlab.interfaces.part import Part


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """How long to train, and how often to look.

    Attributes:
        steps: how many steps of the update rule.
        log_every: steps between two lines of `metrics.jsonl`.
        validate_every: steps between two bounds on validation data; by default a tenth of `steps`.
        validation_examples: how many validation observations those bounds use at most.
        checkpoint_every: steps between two checkpoints; by default a fifth of `steps`.
        restarts: how many fits are made from different initialisations; the one of the best bound is kept.
    """

    steps: PositiveInt
    log_every: PositiveInt = 50
    validate_every: PositiveInt | None = None
    validation_examples: PositiveInt = 512
    checkpoint_every: PositiveInt | None = None
    restarts: PositiveInt = 1


@dataclass(frozen=True, kw_only=True)
class EvalSettings:
    """How bounds on held-out data are evaluated.

    Attributes:
        elbo: the estimator to evaluate with; by default the one trained with.
        batch_size: how many observations are evaluated together.
        max_examples: how many observations of the split are used at most, the first ones; by default all.
        repeats: how many times the split is gone through with fresh noise; the bound is their mean, and from two
            on their spread gives the standard error. A ledger of exact terms needs one.
        features: what samples and data are compared by, in `genlab score`; by default their principal components.
    """

    elbo: Part[ELBOEstimator] | None = None
    batch_size: PositiveInt = 500
    max_examples: PositiveInt | None = None
    repeats: PositiveInt = 2
    features: Part[FeatureExtractor] | None = None
