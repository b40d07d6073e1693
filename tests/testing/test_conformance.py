"""Every component that genlab ships keeps the laws of its slot, in every setting that names it."""

from genlab.testing import Check, Subject, parametrize_with_checks


@parametrize_with_checks("genlab")
def test_a_shipped_component_keeps_the_laws(subject: Subject, check: Check) -> None:
    check(subject)
