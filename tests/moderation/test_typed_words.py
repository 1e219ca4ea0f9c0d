"""What somebody typed into a form of moderation is on the page that refuses it, to be read and copied, even where the
present state of things has no form for it any more."""

import re

from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.models.members import Role
from tests.factories import make_group, make_member, make_post, make_theme, make_thread
from tests.moderation.steps import Team, as_, decide, hidden, notify, words
from tests.moderation.test_pending_posts import WAITING, write

TYPED = "Des heures de travail : cinabre & « papier »."


def kept(answer: Response, status: int = 409) -> bool:
    """Whether the page of that status shows the words in a field that can be selected."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    fields = re.findall(r"<textarea[^>]*>\s*([^<]*)</textarea>", answer.text)
    return TYPED.replace("&", "&amp;") in fields


async def test_who_contests_twice_keeps_the_second_words(app: Starlette, team: Team) -> None:
    decision = await hidden(app, team)
    async with await as_(app, team.author) as author:
        path = f"/moderation/decisions/{decision}/contester"
        assert (await author.post(path, data={"explication": "La première."})).status_code == 303
        assert kept(await author.post(path, data={"explication": TYPED}))
    async with await as_(app, team.second) as second:
        path = f"/moderation/decisions/{decision}/reclamation"
        form = {"issue": "upheld", "explication": "La première."}
        assert (await second.post(path, data=form)).status_code == 303
        assert kept(await second.post(path, data=form | {"explication": TYPED}))


async def test_who_notified_and_contests_twice_keeps_the_second_words(app: Starlette, team: Team) -> None:
    async with await as_(app, team.reader) as reader:
        assert (await notify(reader, team.post.id)).status_code == 303
        async with await as_(app, team.first) as moderator:
            assert (await decide(moderator, 1, act="no action", ground="")).status_code == 303
        path = "/compte/signalements/1/contester"
        assert (await reader.post(path, data={"explication": "La première."})).status_code == 303
        assert kept(await reader.post(path, data={"explication": TYPED}))


async def test_a_moderator_keeps_the_reason_on_a_case_that_is_closed_or_claimed(app: Starlette, team: Team) -> None:
    form = {"mesure": "hide", "regle": "charter", "motif": TYPED, "acte": "apercu"}
    async with await as_(app, team.first) as first, await as_(app, team.second) as second:
        assert (await first.post(f"/contributions/{team.post.id}/dossier")).status_code == 303
        refused = await second.post("/moderation/dossiers/1", data=form)
        assert kept(refused)
        assert "Prune Première se charge de ce dossier depuis le" in words(refused.text)
        assert not re.search(r"\{\w+\}", refused.text)
        assert (await decide(first, 1, act="no action", ground="")).status_code == 303
        assert kept(await second.post("/moderation/dossiers/1", data=form))
        assert kept(await second.post("/moderation/dossiers/1", data=form | {"acte": "envoyer", "vu": "abc"}))


async def test_an_author_keeps_what_they_changed_of_words_that_wait_no_more(
    app: Starlette, team: Team, holds: None
) -> None:
    for number, act in enumerate(("refuse", "accept", "give up"), 1):
        path = WAITING.replace("1", str(number))
        async with await as_(app, await make_member(f"Nils {number}")) as new:
            await write(new, team)
            if act == "give up":
                assert (await new.post(path, data={"acte": "retirer"})).status_code == 303
            else:
                ground = "charter" if act == "refuse" else ""
                async with await as_(app, team.first) as moderator:
                    decided = await decide(moderator, number, act={"refuse": "turn down"}.get(act, act), ground=ground)
                    assert decided.status_code == 303
            assert kept(await new.post(path, data={"source": TYPED, "version": "1", "acte": "enregistrer"})), act


async def test_a_double_click_that_joins_threads_keeps_the_reason(app: Starlette, team: Team) -> None:
    group = await make_group("gt-9")
    theme = await make_theme(9, group=group)
    source, other = await make_thread(theme), await make_thread(theme)
    await make_post(source, "Un mot.")
    async with await as_(app, await make_member("Adèle", role=Role.ADMINISTRATOR)) as moderator:
        form = {"fil": str(other.id), "vu": "0", "motif": TYPED}
        assert (await moderator.post(f"/fils/{source.id}/reunir", data=form)).status_code == 303
        assert kept(await moderator.post(f"/fils/{source.id}/reunir", data=form))


async def test_words_that_the_form_still_holds_are_not_shown_twice(app: Starlette, team: Team) -> None:
    async with await as_(app, team.first) as first:
        assert (await first.post(f"/contributions/{team.post.id}/dossier")).status_code == 303
        form = {"mesure": "hide", "motif": TYPED, "acte": "apercu"}
        refused = await first.post("/moderation/dossiers/1", data=form)
        assert kept(refused, 422)
        assert "Ce que vous aviez écrit" not in words(refused.text)


async def test_a_dead_link_still_says_so_and_keeps_the_words(client: AsyncClient, team: Team) -> None:
    form = {"jeton": "autre", "explication": TYPED}
    assert kept(await client.post("/moderation/signalements/contester", data=form), 410)
