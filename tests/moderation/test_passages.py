"""A passage that is taken out for good: seen before, gone from every revision, told to its author; the rest stays."""

import hashlib
import json
import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows, tables, transaction
from forum.domain import journal_chain
from forum.domain.moderation import passages
from forum.domain.moderation.hiding import hide, hold_thing
from forum.domain.syntheses.snapshots import from_json, to_json
from forum.models.moderation import Ground, Moderated
from forum.models.posts import Post, PostRevision
from forum.models.proposals import Extract, ProposalVersion
from forum.models.syntheses import Synthesis, SynthesisState
from forum.text.quotes import QuoteMark, digest
from forum.text.reading import read
from forum.text.redaction import PassageCleaner
from tests.conftest import NOON
from tests.document_samples import small_snapshot
from tests.factories import count, make_post, make_proposal
from tests.moderation.steps import FACTS, Team, as_, decide, mails, notify, words
from tests.test_writes_that_meet import Waits, both

PAGE = "/moderation/decisions/1"
WRITTEN = "Appelez **Ada** Lovelace au 06 12 34 56 78, former coûte."
PASSAGE = "ada lovelace au 06 12 34 56 78"
LEFT = "Appelez (passage masqué), former coûte."


async def holders(*words: str) -> set[str]:
    """The tables that hold one of these words."""
    found = {table: str([dict(each) for each in await rows(f'SELECT * FROM "{table}"')]) for table in await tables()}
    return {table for table, said in found.items() if any(each in said for each in words)}


async def a_post(team: Team) -> Post:
    """A contribution in two revisions, kept as an extract, quoted elsewhere."""
    post = await make_post(team.thread, WRITTEN, author=team.author)
    former = "Voici Ada Lovelace, au 06 12 34 56 78 !"
    read_former = read(former)
    await PostRevision.filter(post=post).update(number=2)
    await Post.filter(id=post.id).update(revision=2)
    await PostRevision.create(
        post=post, number=1, source=former, html=read_former.html, plain=read_former.plain, created_at=NOON
    )
    return await Post.get(id=post.id)


async def redact(client: AsyncClient, case: int, passage: str = PASSAGE, **more: str) -> None:
    assert (await decide(client, case, act="redact", passage=passage, **more)).status_code == 303


async def test_the_mark_stands_in_every_revision_and_ranges_move_with_their_words(app: Starlette, team: Team) -> None:
    post = await a_post(team)
    start = post.plain.index("former")
    extract = await Extract.create(
        post=post, revision=2, start=start, stop=start + 6, sha256=digest("former"), created_at=NOON
    )
    quoting = await make_post(team.thread, f"{QuoteMark(post.id, 2, start, start + 6).marker()}\n\nOui.")
    same = await make_post(team.thread, "Ada Lovelace au 06 12 34 56 78 : mes propres mots.", author=team.reader)
    async with await as_(app, team.reader) as reader:
        await notify(reader, post.id, explication="Il donne le 06 12 34 56 78 d’Ada Lovelace au 06 12 34 56 78.")
    async with await as_(app, team.first) as moderator:
        shown = await moderator.post(
            "/moderation/dossiers/1", data={"acte": "apercu", "mesure": "redact", "motif": FACTS, "passage": PASSAGE}
        )
        said = words(shown.text)
        for sentence in (LEFT, "2 versions changent.", "Masquer un passage est définitif"):
            assert sentence in said
        assert (await Post.get(id=post.id)).plain == post.plain, "nothing changes before it is sent"
        await redact(moderator, 1)
    for kept in (await Post.get(id=post.id), await PostRevision.get(post=post, number=2)):
        assert (kept.plain, read(kept.source).plain, read(kept.source).html) == (LEFT, LEFT, kept.html)
    assert (await PostRevision.get(post=post, number=1)).plain == "Voici (passage masqué) !"
    await extract.refresh_from_db()
    assert LEFT[extract.start : extract.stop] == "former"
    (mark,) = read((await Post.get(id=quoting.id)).source).quotes
    assert LEFT[mark.start : mark.end] == "former"
    assert (await Post.get(id=same.id)).plain == same.plain, "the words of others are theirs"
    assert (await rows("SELECT words FROM moderation_notice"))[0]["words"].endswith("(passage masqué).")
    assert (await journal_chain.verify()).fault == ""


async def test_its_author_is_told_and_contests_and_the_journal_keeps_no_words(app: Starlette, team: Team) -> None:
    post = await a_post(team)
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{post.id}/dossier")
        assert await holders("Lovelace", "06 12 34 56 78") == {"post", "post_revision"}
        await redact(moderator, 1)
        assert "(passage masqué)" in words((await moderator.get("/moderation/dossiers/1")).text)
        told = words((await moderator.get("/journal")).text)
    assert "a masqué un passage" in told
    assert "données personnelles" in told
    assert FACTS in told
    assert await holders("Lovelace", "06 12 34 56 78") == set()
    assert [(each["what"], each["reason"]) for each in await mails("moderated")] == [("redact", FACTS)]
    async with await as_(app, team.author) as author:
        page = words((await author.get(PAGE)).text)
        for sentence in (
            "Un passage de votre contribution 3 au fil « Propositions et pistes d’actions » est masqué",
            "personne ne peut plus le lire, ni le rétablir",
            "données personnelles d’autrui",
            "Vous pouvez contester cette décision jusqu’au 25 mai 2027",
        ):
            assert sentence in page
        assert (await author.get(f"/en{PAGE}")).status_code == 200
        sent = await author.post(f"{PAGE}/contester", data={"explication": "C’était mon numéro."})
        assert sent.status_code == 303


async def test_a_complaint_that_is_right_brings_no_passage_back_and_shows_nothing_hidden(
    app: Starlette, team: Team
) -> None:
    post = await a_post(team)
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{post.id}/dossier")
        await redact(moderator, 1)
    async with transaction():
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.CHARTER, NOON)
    async with await as_(app, team.author) as author, await as_(app, team.second) as second:
        await author.post(f"{PAGE}/contester", data={"explication": "Non."})
        assert "Le passage ne peut pas revenir" in words((await second.get(f"{PAGE}/reclamation")).text)
        reply = {"issue": "reversed", "explication": "Écrivez-le de nouveau."}
        assert (await second.post(f"{PAGE}/reclamation", data=reply)).status_code == 303
    assert (await Post.get(id=post.id)).state.value == "hidden"


async def test_a_passage_of_hidden_words_is_taken_out_of_what_is_kept_aside(app: Starlette, team: Team) -> None:
    post = await a_post(team)
    async with transaction():
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.CHARTER, NOON)
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{post.id}/dossier")
        await redact(moderator, 1)
        await moderator.post(f"/contributions/{post.id}/dossier")
        assert (await decide(moderator, 2, act="unhide")).status_code == 303
    assert (await Post.get(id=post.id)).plain == LEFT
    assert await holders("Lovelace") == set()


async def test_a_proposal_loses_it_in_all_its_versions_and_in_frozen_data(app: Starlette, team: Team) -> None:
    await team.thread.fetch_related("theme")
    author = team.author
    proposal = await make_proposal(team.thread.theme, "Prévenir Ada Lovelace.", author=author)  # type: ignore[arg-type]
    other = await make_proposal(team.thread.theme, "Écouter Ada Lovelace.", author=author)  # type: ignore[arg-type]
    facts = json.loads(to_json(small_snapshot()))
    facts["proposals"][0] |= {"wording": proposal.wording, "state_reason": "Ada Lovelace."}
    facts["proposals"][1] |= {"wording": other.wording}
    synthesis = await Synthesis.create(
        version=1,
        scope="all",
        state=SynthesisState.PUBLISHED,
        draft=False,
        snapshot=json.dumps(facts, ensure_ascii=False),
        snapshot_sha256="x",
        requested_at=NOON,
        published_at=NOON,
    )
    async with await as_(app, team.first) as moderator:
        await moderator.post("/propositions/T3-001/dossier")
        await redact(moderator, 1, "Ada Lovelace")
    await proposal.refresh_from_db()
    await other.refresh_from_db()
    versions = await ProposalVersion.filter(proposal=proposal)
    assert {proposal.wording, *(each.wording for each in versions)} == {"Prévenir (passage masqué)."}
    assert other.wording == "Écouter Ada Lovelace."
    await synthesis.refresh_from_db()
    after = json.loads(synthesis.snapshot)["proposals"]
    assert [each["wording"] for each in after[:2]] == ["Prévenir (passage masqué).", "Écouter Ada Lovelace."]
    assert after[0]["state_reason"] == "(passage masqué)."
    assert from_json(synthesis.snapshot.encode()).proposals
    assert synthesis.snapshot_sha256 == hashlib.sha256(synthesis.snapshot.encode()).hexdigest()
    assert (synthesis.state, synthesis.redacted_at) == (SynthesisState.PUBLISHED, NOON)
    async with await as_(app, author) as reader:
        assert "Un passage de votre proposition T3-001 est masqué" in words((await reader.get(PAGE)).text)


async def test_two_passages_taken_out_at_once_are_both_gone_and_ranges_hold(
    app: Starlette, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await make_post(team.thread, "Appelez Ada Lovelace au 06 12 34, former coûte.", author=team.author)
    start = one.plain.index("former")
    mark = QuoteMark(one.id, 1, start, start + 6).marker()
    other = await make_post(team.thread, f"{mark}\n\nJoindre Grace Hopper, vite.", author=team.reader)
    waits = Waits(monkeypatch, passages, "redact")
    async with await as_(app, team.first) as first, await as_(app, team.second) as second:
        forms = []
        for case, browser, post, passage in (
            (1, first, one, "Ada Lovelace au 06 12 34"),
            (2, second, other, "Grace Hopper"),
        ):
            await browser.post(f"/contributions/{post.id}/dossier")
            form = {"mesure": "redact", "motif": FACTS, "passage": passage}
            shown = await browser.post(f"/moderation/dossiers/{case}", data=form | {"acte": "apercu"})
            seen = re.search(r'name="vu" value="(\w+)"', shown.text)
            assert seen, shown.text
            forms.append(form | {"acte": "envoyer", "vu": seen[1]})
        done, late = await both(
            lambda browser, _: browser.post("/moderation/dossiers/1", data=forms[0]),
            first,
            waits,
            lambda browser, _: browser.post("/moderation/dossiers/2", data=forms[1]),
            second,
        )
        assert (done, late.status_code) == (303, 303)
    left = (await Post.get(id=one.id)).plain
    assert left == "Appelez (passage masqué), former coûte."
    quoting = await Post.get(id=other.id)
    assert quoting.plain.strip() == "Joindre (passage masqué), vite."
    (found,) = read(quoting.source).quotes
    assert left[found.start : found.end] == "former"
    assert await holders("Lovelace", "Hopper") == set()
    assert (await journal_chain.verify()).fault == ""


REFUSED = [
    ({"passage": ""}, "Recopiez le passage à masquer."),
    ({"passage": "…"}, "Ce passage n’est pas dans ces mots."),
    ({"passage": "Grace Hopper"}, "Ce passage n’est pas dans ces mots."),
    ({"passage": "Love"}, "Ce passage n’est pas dans ces mots."),
    ({"passage": "Ada Lovelace", "motif": "Le nom d’Ada Lovelace."}, "Ne recopiez pas le passage dans la raison"),
]


@pytest.mark.one_database
@pytest.mark.parametrize(("typed", "said"), REFUSED)
async def test_what_cannot_be_taken_out_is_said_beside_its_field(
    app: Starlette, team: Team, typed: dict[str, str], said: str
) -> None:
    post = await a_post(team)
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{post.id}/dossier")
        form = {"acte": "apercu", "mesure": "redact", "motif": FACTS} | typed
        refused = await moderator.post("/moderation/dossiers/1", data=form)
        assert refused.status_code == 422
        assert said in words(refused.text)
        sound = {"acte": "envoyer", "passage": PASSAGE, "motif": FACTS}
        unseen = await moderator.post("/moderation/dossiers/1", data=form | sound)
        assert unseen.status_code == 409, "nobody takes out what they did not see taken out"
    async with await as_(app, team.reader) as reader:
        assert (await reader.post("/moderation/dossiers/1", data=form)).status_code == 403
    assert (await Post.get(id=post.id)).plain == post.plain
    assert await count("moderation_decision") == 0


def test_the_passage_is_found_whatever_stands_between_its_words() -> None:
    cleaner = PassageCleaner("12 rue des Lilas\n\nLyon", {("post", 1)})
    assert cleaner.clean("Au 12, RUE des\u00a0Lilas — « Lyon » !") == "Au (passage masqué) » !"
    assert cleaner.clean("Le 112 rue des Lilas, Lyon") == "Le 112 rue des Lilas, Lyon"
    assert cleaner.clean("Au (passage masqué).") == "Au (passage masqué)."
    assert cleaner.of("post", 1) is cleaner
    assert cleaner.of("post", 2).clean("12 rue des Lilas Lyon") == "12 rue des Lilas Lyon"
