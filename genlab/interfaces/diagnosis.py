"""What a model says of a fit beside the bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Diagnosis:
    """Numbers and words about a fitted model and family on one split.

    Attributes:
        metrics: single numbers by name, with the unit in it where they have one: `rate_nats`, `active_units`.
        series: several numbers under one name, such as one for each latent: `kl_by_latent_nats`.
        remarks: what a person should know, in a few words each and without a full stop: `2 of 3 components hold less
            than one observation`.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)
    remarks: Sequence[str] = ()
