from genlab.testing import Check, Subject, parametrize_with_checks


@parametrize_with_checks("genlab-factor-analysis")
def test_it_keeps_the_laws_of_genlab(subject: Subject, check: Check) -> None:
    check(subject)
