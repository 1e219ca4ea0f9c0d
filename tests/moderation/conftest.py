"""People and words that the tests of moderation share."""

from collections.abc import Iterator

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.models.members import Role
from forum.settings import settings
from tests.factories import make_group, make_member, make_post, make_theme, make_thread
from tests.moderation.steps import UNIQUE, Team


@pytest.fixture
async def team(client: AsyncClient) -> Team:
    group = await make_group("gt-3")
    theme = await make_theme(3, group=group)
    thread = await make_thread(theme)
    author = await make_member("Ada Auteure", email="ada@exemple.fr")
    await make_post(thread, "La première contribution.")
    return Team(
        thread=thread,
        post=await make_post(thread, UNIQUE, author=author),
        author=author,
        first=await make_member("Prune Première", moderates=[group], email="prune@exemple.fr"),
        second=await make_member("Sam Second", moderates=[group], email="sam@exemple.fr"),
        administrator=await make_member("Alix Admin", role=Role.ADMINISTRATOR),
        reader=await make_member("Noa Lectrice", email="noa@exemple.fr"),
    )


@pytest.fixture
def holds(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The first contribution of a new member waits until moderators have read it."""
    monkeypatch.setenv("FORUM_MODERATION__HOLD_FIRST", "1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()
