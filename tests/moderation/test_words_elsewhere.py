"""Moderators read, on the decision, where words that are hidden may still be read; nobody else does."""

import re
from typing import Any

from starlette.applications import Starlette

from forum.models.answers import Answer, Decision
from forum.models.meetings import Meeting
from forum.models.proposals import Merge, Origin, Proposal, ProposalState
from forum.models.themes import Theme
from tests.conftest import NOON
from tests.factories import make_extract, make_post, make_proposal
from tests.moderation.steps import Team, as_, decide, words

SENTENCE = "Les habitants des villages attendent depuis dix ans une vraie permanence numérique"
PAGE = "/moderation/decisions/1"


async def test_what_was_made_of_hidden_words_and_what_repeats_them_is_listed(app: Starlette, team: Team) -> None:
    theme = await Theme.get(number=3)
    post = await make_post(team.thread, f"Bonjour. {SENTENCE}. Merci.", author=team.author)
    extract = await make_extract(post, author=team.first)
    drawn = await make_proposal(theme, "Ouvrir une permanence.", author=team.author)
    await Proposal.filter(id=drawn.id).update(extract_id=extract.id, origin=Origin.EXTRACT)
    group: dict[str, Any] = {"working_group_id": theme.working_group_id, "created_at": NOON}
    kept = await Meeting.create(**group, number=1, minutes=f"Décisions :\n- {SENTENCE.upper()} ;\n- rien d’autre.")
    await Meeting.create(**group, number=2, minutes="Bonjour. Merci. Les habitants attendent.")
    source = await make_proposal(theme, "La même.", author=team.reader, state=ProposalState.MERGED)
    await Merge.create(source=source, destination=drawn, reason=f"Comme on l’a dit : {SENTENCE}.", merged_at=NOON)
    answered = await make_proposal(theme, "Une autre.", author=team.reader)
    given: dict[str, Any] = {"decision": Decision.RETAINED, "service": "Le service", "created_at": NOON}
    await Answer.create(
        proposal=answered, number=1, reason=f"Vous l’avez dit : {SENTENCE}.", decided_on=NOON.date(), **given
    )
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{post.id}/dossier")
        assert (await decide(moderator, 1)).status_code == 303
        page = (await moderator.get(PAGE)).text.partition('id="ailleurs"')[2]
        links = re.findall(r'href="([^"]+)"', page.partition("</section>")[0])
        assert links == ["/propositions/T3-001", f"/reunions/{kept.id}", "/propositions/T3-002", "/propositions/T3-003"]
        assert "chaque texte se décide à part" in words(page)
    async with await as_(app, team.author) as author:
        assert 'id="ailleurs"' not in (await author.get(PAGE)).text
    # The proposal that is hidden in its turn leaves the list; its own decision names what it was drawn from.
    async with await as_(app, team.second) as moderator:
        await moderator.post("/propositions/T3-001/dossier")
        assert (await decide(moderator, 2)).status_code == 303
        assert "/propositions/T3-001" not in (await moderator.get(PAGE)).text.partition('id="ailleurs"')[2]
        await moderator.post(f"/contributions/{post.id}/dossier")
        assert (await decide(moderator, 3, act="unhide")).status_code == 303
        own = (await moderator.get("/moderation/decisions/2")).text.partition('id="ailleurs"')[2]
        assert f'href="/contributions/{post.id}"' in own


async def test_nothing_is_said_where_nothing_repeats_them(app: Starlette, team: Team) -> None:
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{team.post.id}/dossier")
        assert (await decide(moderator, 1)).status_code == 303
        assert 'id="ailleurs"' not in (await moderator.get(PAGE)).text
