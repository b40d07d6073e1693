"""What parts say of the others they need: a class each, and keys that go together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Plan:
    """A part as a recipe plans it, before the data are read and anything is built.

    Attributes:
        key: where its table is: `model`, `eval.elbo`, `model.schedule`.
        use: the component's name.
        builds: the class of the part; None where only building it tells.
        keys: its keys, defaults filled in; a nested part is a `Plan`.
    """

    key: str
    use: str
    builds: type | None
    keys: Mapping[str, Any]

    def is_a(self, *classes: type) -> bool:
        """Whether the part is certainly of one of these classes."""
        return self.builds is not None and issubclass(self.builds, classes)


@dataclass(frozen=True)
class Misfit:
    """One key that does not go with another part.

    Attributes:
        key: the dotted key: `model.variance`.
        problem: what it must be, what it is and how to mend it, as it reads after the key.
    """

    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.key} {self.problem}"


class Partner:
    """A part of any slot, which may need others.

    Attributes:
        partners: slots this part depends on, and the class each must have; checked at assembly.
    """

    partners: ClassVar[Mapping[str, type]] = {}

    @classmethod
    def misfits(cls, own: Plan, others: Mapping[str, Plan]) -> Iterable[Misfit]:
        """Return what in a recipe would make this part fail, or do nothing, beside the others: nothing by default.

        A recipe is asked before it runs, so that nobody waits for a first step, or a last one, to be told. It is
        called where the parts of all `partners` are of their classes and have no faults of their own. A subclass of
        a partner may have other keys than the partner itself.

        Args:
            own: this part; its `key` is `eval.elbo` for an estimator that evaluates and does not train.
            others: the recipe's other parts by slot, those without faults.
        """
        return ()
