"""What is masked or withdrawn is not notified any more: a sentence thanks, and no case opens."""

import pytest
from starlette.applications import Starlette

from forum.models.themes import Theme
from tests.conftest import Clock, visitor
from tests.factories import count, make_proposal
from tests.moderation.steps import Team, as_, decide, hidden, mails, notify, notify_as_visitor, words
from tests.moderation.test_hidden_and_withdrawn import withdraw

HIDDEN = "L’équipe de modération a déjà masqué ces mots : merci, il n’y a rien d’autre à faire."
WITHDRAWN = "La personne qui l’a écrite l’a retirée : merci, il n’y a rien d’autre à faire."


@pytest.mark.parametrize("gone", [HIDDEN, WITHDRAWN])
async def test_what_is_gone_is_not_notified(app: Starlette, team: Team, gone: str) -> None:
    if gone == HIDDEN:
        await hidden(app, team)
    else:
        await withdraw(app, team)
    known = await count("moderation_case"), await count("moderation_notice")
    async with await as_(app, team.second) as other, visitor(app) as anybody:
        for client in (other, anybody):
            page = await client.get(f"/contributions/{team.post.id}/signaler")
            assert page.status_code == 200
            assert gone in words(page.text)
            assert 'name="explication"' not in page.text
            answer = await notify(client, team.post.id)
            assert answer.status_code == 409
            assert gone in words(answer.text)
    assert (await count("moderation_case"), await count("moderation_notice")) == known


async def test_a_hidden_proposal_is_not_notified(app: Starlette, team: Team) -> None:
    proposal = await make_proposal(await Theme.get(id=team.thread.theme_id), author=team.author)
    async with await as_(app, team.first) as moderator, await as_(app, team.reader) as reader:
        await moderator.post(f"/propositions/T3-00{proposal.number}/dossier")
        assert (await decide(moderator, 1)).status_code == 303
        form = {"regle": "charter", "explication": "Une insulte."}
        assert (await reader.post(f"/propositions/T3-00{proposal.number}/signaler", data=form)).status_code == 409
    assert await count("moderation_case") == 1


async def test_a_visitor_confirms_after_it_was_hidden(app: Starlette, team: Team, clock: Clock) -> None:
    async with visitor(app) as anybody:
        assert (await notify_as_visitor(anybody, team.post.id, clock)).status_code == 200
        (sent,) = await mails("notice")
        await hidden(app, team)
        answer = await anybody.post("/moderation/signalements/confirmer", data={"jeton": sent["token"]})
        assert answer.status_code == 409
        assert HIDDEN in words(answer.text)
    assert await count("moderation_case") == 1
