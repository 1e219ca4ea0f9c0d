"""The states of Tortoise's migrations, made when a migration asks for one.

Before and after each operation Tortoise makes every model anew: thousands in a walk through the migrations, most of
them for operations that were applied long ago, or that are plain SQL. It was most of the time of these tests. What is
made from a state is what Tortoise makes when it copies one; `tests/operations/test_released.py` upgrades the site of
the newest release as Tortoise does it by itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from tortoise import models
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

States = dict[tuple[str, str], ModelState]


class WhenAsked(StateApps):
    """The models of a state, made when the first is asked for."""

    def __init__(self, states: States, connections: Mapping[str, str]) -> None:
        super().__init__(default_connections=dict(connections))
        self.states = states
        self.made = False

    def get_model(self, app_label: str, model_name: str | None = None) -> type[Model]:
        if not self.made:
            self.apps.clear()
            for (app, _), state in self.states.items():
                self.register_model(app, state.render(self))
            self._init_relations()
            self._build_initial_querysets()
            self.made = True
        return super().get_model(app_label, model_name)


def _clone(state: State) -> State:
    copied = {key: each.clone() for key, each in state.models.items()}
    return State(models=copied, apps=WhenAsked(copied, state.apps._default_connections))


def _forget(state: State, _: Iterable[tuple[str, str]] | str, __: str = "") -> None:
    """Operations say which models they changed."""
    if not isinstance(state.apps, WhenAsked):
        state.apps = WhenAsked(state.models, state.apps._default_connections)
    state.apps.made = False


@contextmanager
def without_filters() -> Iterator[None]:
    """The models of states lack every filter that a query could name: no migration of ours asks anything of a model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "get_filters_for_field", lambda **_: {})
        yield


@contextmanager
def states_when_asked() -> Iterator[None]:
    """No states but those that are asked for, without filters either."""
    with without_filters(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(State, "clone", _clone)
        patch.setattr(State, "reload_model", _forget)
        patch.setattr(State, "reload_models", _forget)
        yield


@pytest.fixture(scope="module")
def unasked_states() -> Iterator[None]:
    """`states_when_asked` for the tests of a file."""
    with states_when_asked():
        yield
