from typing import Any

import pytest

from genlab.discovery.hooks import GuardedHooks
from genlab.errors import GenlabWarning
from genlab.plugin import hookimpl


class Facts:
    def __init__(self, fact: str) -> None:
        self.fact = fact

    @hookimpl
    def genlab_environment(self) -> dict[str, str]:
        return {"fact": self.fact}


class Raises:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    @hookimpl
    def genlab_environment(self) -> dict[str, str]:
        raise self.error


class Logs:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    @hookimpl
    def genlab_step_logged(self, metrics: dict[str, float]) -> None:
        self.seen.append(metrics)


def hooks_of(*plugins: object) -> GuardedHooks:
    hooks = GuardedHooks()
    for number, plugin in enumerate(plugins):
        hooks.register(plugin, f"plugin{number}")
    return hooks


def test_one_plugin_s_exception_is_a_warning_and_the_others_are_called() -> None:
    hooks = hooks_of(Facts("a"), Raises(RuntimeError("no")), Facts("b"))
    with pytest.warns(GenlabWarning, match="plugin 'plugin1' failed in genlab_environment: RuntimeError: no"):
        assert hooks.call("genlab_environment") == [{"fact": "b"}, {"fact": "a"}]


def test_an_interruption_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        hooks_of(Raises(KeyboardInterrupt())).call("genlab_environment")


def test_an_implementation_takes_the_arguments_it_wants_and_returns_nothing() -> None:
    logs = Logs()
    assert hooks_of(logs).call("genlab_step_logged", run=None, metrics={"a": 1.0}) == []
    assert logs.seen == [{"a": 1.0}]


def test_a_plugin_can_be_taken_away_again_and_again() -> None:
    facts = Facts("a")
    hooks = hooks_of(facts)
    hooks.unregister(facts)
    hooks.unregister(facts)
    assert hooks.call("genlab_environment") == []


def test_a_hook_that_genlab_does_not_have_is_refused() -> None:
    class Misspelled:
        @hookimpl
        def genlab_step_loged(self) -> None: ...

    hooks = GuardedHooks()
    with pytest.raises(ValueError, match="'genlab_step_loged' is not a hook of genlab"):
        hooks.register(Misspelled())


def test_an_argument_that_a_hook_does_not_have_is_refused() -> None:
    class WrongArgument:
        @hookimpl
        def genlab_step_logged(self, loss: float) -> None: ...

    with pytest.raises(ValueError, match="loss"):
        GuardedHooks().register(WrongArgument())


def test_a_hook_for_another_version_may_be_optional() -> None:
    class Optional:
        @hookimpl(optionalhook=True)
        def genlab_hook_of_the_future(self) -> None: ...

    hooks = GuardedHooks()
    hooks.register(Optional())
    assert hooks.call("genlab_components") == []


def test_hook_wrappers_are_refused() -> None:
    class Wrapper:
        @hookimpl(wrapper=True)
        def genlab_environment(self) -> Any:
            return (yield)

    with pytest.raises(ValueError, match="must not be a hook wrapper"):
        GuardedHooks().register(Wrapper())
