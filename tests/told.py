"""One of each thing that people notify and moderators hide, its words all over the site: for `tests/sinks.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette

from forum.database import transaction
from forum.domain import journal
from forum.domain.members.members import load_viewer
from forum.domain.search.index import rebuild
from forum.models.answers import Answer, Decision, Obligation
from forum.models.cases import DecisionAct, ModerationCase, ModerationDecision
from forum.models.following import Follow
from forum.models.meetings import Meeting, MeetingTag, TagState, UnknownTag
from forum.models.members import Member
from forum.models.moderation import Moderated
from forum.models.notifications import Event, Notification
from forum.models.post_drafts import PostDraft
from forum.models.posts import PendingPost, Post, Reception
from forum.models.proposals import Merge, Nature, Origin, Proposal, ProposalState, ProposalTurn, ProposalVersion
from forum.models.syntheses import Synthesis, SynthesisBlock, SynthesisState
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.models.votes import Ballot
from forum.text.reading import read
from tests.conftest import NOON, visitor
from tests.factories import make_extract, make_member, make_post, make_proposal, make_thread, sign_in
from tests.world import World, make_pending

CONTRIBUTED, RECEIVED, PROPOSED, JUDGED, MERGED = ("Zyzomys", "Ocelot", "Quetzal", "Xylophage", "Wombat")
KEPT, ANSWERED, WAITING = ("Kinkajou", "Tamanoir", "Isatis")
"""Words that stand each in one thing alone, in all that is said there."""
NEAR = "Former les bibliothécaires à l’accueil de tous les publics éloignés du numérique."
"""Words like those of the proposal, without that one."""


@dataclass(frozen=True)
class Told:
    """Something whose word is all over the site, its author, and where to look."""

    word: str
    kind: Moderated
    id: int
    author: Member
    places: Mapping[str, Sequence[object]]
    more: tuple[str, ...] = ()


async def all_things(app: Starlette, world: World) -> list[Told]:
    """One of each kind in one world, all by one person."""
    author = await make_member("Zoé Auteure")
    posts, proposals = (a_contribution, a_received_contribution), (a_proposal, a_judged_proposal, a_merged_proposal)
    makers = (*posts, *proposals, kept_minutes, an_answer)
    made = [await make(app, world, author) for make in makers]
    await rebuild()
    return made


async def a_contribution(app: Starlette, world: World, author: Member) -> Told:
    """Opens its thread; quoted here and elsewhere, answered, tagged, kept, proposed, notified, edited."""
    theme, other = await Theme.get(number=3), await Theme.get(number=6)
    thread = await make_thread(theme, f"Le fil {CONTRIBUTED}", author=author)
    post = await make_post(thread, f"{CONTRIBUTED} former mieux {CONTRIBUTED}.", author=author)
    await _edit_and_quote(app, post, author, thread, await make_thread(other, "Ailleurs"))
    post = await Post.get(id=post.id)
    meeting = await Meeting.get(working_group_id=theme.working_group_id, number=1)
    await MeetingTag.create(post=post, meeting=meeting, state=TagState.CONFIRMED, created_at=NOON)
    waiting = await Meeting.get(working_group_id=theme.working_group_id, number=2)
    await MeetingTag.create(post=post, meeting=waiting, state=TagState.WAITING, created_at=NOON)
    await UnknownTag.create(post=post, number=77, state=TagState.WAITING, created_at=NOON)
    async with transaction():
        await journal.record(None, "reopen_post", "post", post.id, group=theme.working_group_id, now=NOON)
    made = await make_proposal(theme, "Une demande toute simple.", author=author)
    await make_extract(post, author=author, proposal=made, nature=Nature.ARGUMENT_FOR)
    origin = await make_extract(post, author=author, proposal=made)
    await Proposal.filter(id=made.id).update(extract_id=origin.id, origin=Origin.EXTRACT)
    reader = world.guests["member"].member
    assert reader is not None
    await Notification.create(member=reader, post=post, event=Event.REPLY, created_at=NOON)
    await Follow.create(member=reader, thread=thread, created_at=NOON)
    elsewhere = await Thread.get(title="Ailleurs")
    synthesis = await _written(f"{{{{citation {post.id}@1 0-7}}}}\n\nCela résume tout.", world)
    draft = f"{{{{citation {post.id}@1 0-7}}}}\n\nMa réponse."
    await PostDraft.create(member=reader, kind="in thread", thing=thread.id, title="", source=draft, saved_at=NOON)
    mark = f"%7B%7Bcitation%20{post.id}@1%200-7%7D%7D"
    places: dict[str, list[object]] = {
        "number": [3, 6],
        "thread": [thread.id, elsewhere.id],
        "post": [post.id],
        "reference": [f"T3-{made.number:03}"],
        "extract": [origin.id],
        "synthesis": [synthesis],
        "block": ["introduction"],
    }
    more = (
        f"/fils/{elsewhere.id}/repondre?citation={mark}&en_reponse_a={post.id}",
        f"/contributions/{post.id}/revisions/1?de=0&a=7",
        f"/contributions/{post.id}/citer?mots={CONTRIBUTED}",
        f"/fils/{thread.id}?reunion=1",
        f"/recherche?mots=C-{post.id}",
        "/recherche?mots=former+mieux",
        "/recherche?quoi=contributions&theme=3",
    )
    places |= await _decided(Moderated.POST, post.id, theme.working_group_id, author)
    return Told(CONTRIBUTED, Moderated.POST, post.id, author, places, more)


async def a_waiting_contribution(app: Starlette, world: World) -> Told:
    """For a thread that others read, and for a new one; its author and the moderators read it, nobody else."""
    theme, author = await Theme.get(number=3), await make_member("Zoé Auteure")
    thread, reader = await make_thread(theme, "Un fil"), await make_member("Quentin Quête")
    await make_post(thread, "La première.", author=reader)
    pending = await make_pending(thread, author, f"{WAITING} pour @{reader.handle}")
    await PendingPost.create(theme=theme, title=f"Le fil {WAITING}", source=WAITING, author=author, created_at=NOON)
    case = await ModerationCase.get(thing=Moderated.PENDING, thing_id=pending)
    places: dict[str, list[object]] = {"number": [3], "thread": [thread.id], "pending": [pending], "case": [case.id]}
    return Told(WAITING, Moderated.PENDING, pending, author, places)


async def a_received_contribution(app: Starlette, world: World, author: Member) -> Told:
    """Came by letter from somebody of that name; quoted, answered, tagged, kept, proposed, notified."""
    theme = await Theme.get(number=3)
    thread = await make_thread(theme, "Des lettres")
    await make_post(thread, "La première.")
    post = await make_post(thread, "Former mieux.")
    await Reception.create(post=post, origin="letter", received_on=NOON.date(), name=f"Zoé {RECEIVED}")
    async with visitor(app) as browser:
        await sign_in(browser, await make_member("Quitterie Quête"))
        for words in (f"{{{{citation {post.id}@1 0-6}}}}\n\nMes mots.", "Je réponds."):
            form = {"source": words, "en_reponse_a": str(post.id)}
            assert (await browser.post(f"/fils/{thread.id}/repondre", data=form)).status_code == 303
    for number, state in ((1, TagState.CONFIRMED), (2, TagState.WAITING)):
        meeting = await Meeting.get(working_group_id=theme.working_group_id, number=number)
        await MeetingTag.create(post=post, meeting=meeting, state=state, created_at=NOON)
    await UnknownTag.create(post=post, number=77, state=TagState.WAITING, created_at=NOON)
    made = await make_proposal(theme, "Une demande toute simple.")
    origin = await make_extract(post, proposal=made)
    await Proposal.filter(id=made.id).update(extract_id=origin.id, origin=Origin.EXTRACT)
    reader = world.guests["member"].member
    assert reader is not None
    await Notification.create(member=reader, post=post, event=Event.REPLY, created_at=NOON)
    places: dict[str, list[object]] = {
        "number": [3],
        "thread": [thread.id],
        "post": [post.id],
        "reference": [f"T3-{made.number:03}"],
        "extract": [origin.id],
    }
    more = (
        f"/recherche?mots=C-{post.id}",
        f"/fils/{thread.id}/repondre?citation=%7B%7Bcitation%20{post.id}@1%200-6%7D%7D&en_reponse_a={post.id}",
    )
    places |= await _decided(Moderated.POST, post.id, theme.working_group_id, author)
    return Told(RECEIVED, Moderated.POST, post.id, author, places, more)


async def _written(source: str, world: World) -> int:
    """A synthesis in whose introduction this is written; in review, it is read as it will be published."""
    draft = await Synthesis.get(id=world.guests["agent"].places["draft"])
    made = await Synthesis.create(
        theme_id=draft.theme_id,
        version=draft.version + 50,
        scope=draft.scope,
        state=SynthesisState.REVIEW,
        draft=False,
        snapshot=draft.snapshot,
        snapshot_sha256=draft.snapshot_sha256,
        requested_at=NOON,
    )
    reading = read(source)
    await SynthesisBlock.create(
        synthesis=made,
        kind="texte-introduction",
        number=1,
        source=source,
        html=reading.html,
        plain=reading.plain,
        written_at=NOON,
    )
    return made.id


async def _edit_and_quote(app: Starlette, post: Post, author: Member, *threads: Thread) -> None:
    async with visitor(app) as browser:
        await sign_in(browser, author)
        form = {"source": f"{CONTRIBUTED} former bien mieux {CONTRIBUTED}.", "version": "1"}
        assert (await browser.post(f"/contributions/{post.id}/modifier", data=form)).status_code == 303
        await sign_in(browser, await make_member("Quentin Quête"))
        for thread in threads:
            words = {"source": f"{{{{citation {post.id}@1 0-7}}}}\n\nMes mots."}
            assert (await browser.post(f"/fils/{thread.id}/repondre", data=words)).status_code == 303
        words = {"source": "Je réponds.", "en_reponse_a": str(post.id)}
        assert (await browser.post(f"/fils/{threads[0].id}/repondre", data=words)).status_code == 303


async def a_proposal(app: Starlette, world: World, author: Member) -> Told:
    """Of a closed vote and of an open one: in versions, merged, answered, near another, of a meeting, with words that
    support it."""
    theme = await Theme.get(number=3)
    proposal = await make_proposal(theme, f"{PROPOSED} : {NEAR}", author=author)
    meeting = await Meeting.get(working_group_id=theme.working_group_id, number=1)
    await Proposal.filter(id=proposal.id).update(
        body=PROPOSED,
        body_html=f"<p>{PROPOSED}</p>",
        body_plain=PROPOSED,
        version=2,
        substance=2,
        meeting_id=meeting.id,
    )
    await ProposalVersion.create(
        proposal=proposal,
        number=2,
        wording=f"{PROPOSED} : {NEAR}",
        body=PROPOSED,
        editor=author,
        reason=PROPOSED,
        created_at=NOON,
    )
    await ProposalTurn.create(proposal=proposal, turn="amended", version=2, reason=PROPOSED, member=author, at=NOON)
    near = await make_proposal(theme, NEAR, author=author)
    joined = await make_proposal(theme, "Une proposition rejointe.", author=author, state=ProposalState.MERGED)
    await Proposal.filter(id=joined.id).update(merged_into_id=proposal.id)
    await Merge.create(source=joined, destination=proposal, reason="Pareil.", merged_at=NOON)
    withdrawn = await make_proposal(theme, "Une proposition retirée.", author=author, state=ProposalState.WITHDRAWN)
    await Proposal.filter(id=withdrawn.id).update(in_favour_of_id=proposal.id)
    post = await make_post(await make_thread(theme, "Des mots pour"), "Tout à fait d’accord.", author=author)
    extract = await make_extract(post, author=author, proposal=proposal)
    await Proposal.filter(id=proposal.id).update(extract_id=extract.id, origin=Origin.EXTRACT)
    reader = world.guests["member"].member
    assert reader is not None
    await Notification.create(member=reader, proposal=proposal, key="sinks", event=Event.AMENDED, created_at=NOON)
    await Follow.create(member=reader, proposal=proposal, created_at=NOON)
    places: dict[str, list[object]] = {
        "number": [3],
        "thread": [post.thread_id],
        "post": [post.id],
        "reference": [f"T3-{each.number:03}" for each in (proposal, near, joined, withdrawn)],
        "version": [1, 2],
        "extract": [extract.id],
        "meeting": [meeting.id],
        "synthesis": [world.guests["agent"].places["draft"]],
        "block": [f"T3-{proposal.number:03}"],
    }
    more = (
        f"/themes/3/proches?mots={quote(NEAR)}",
        f"/propositions/T3-{joined.number:03}/origine",
        "/themes/3/propositions?reunion=1",
        f"/recherche?mots=T3-{proposal.number:03}",
        f"/propositions/T3-{near.number:03}/fusionner?destination=T3-{proposal.number:03}",
    )
    places |= await _decided(Moderated.PROPOSAL, proposal.id, theme.working_group_id, author)
    return Told(PROPOSED, Moderated.PROPOSAL, proposal.id, author, places, more)


async def a_judged_proposal(app: Starlette, world: World, author: Member) -> Told:
    """Judged by groups of people, answered, with something promised."""
    theme = await Theme.get(number=5)
    proposal = await make_proposal(theme, f"{JUDGED} : {NEAR}", author=author)
    judged = await Proposal.get(theme=theme, number=1)
    for each in await Ballot.filter(proposal=judged).exclude(profession=""):
        await Ballot.create(
            proposal=proposal,
            voter_id=each.voter_id,
            opinion=each.opinion,
            proposal_version=1,
            cast_at=NOON,
            profession=each.profession,
        )
    await Obligation.create(proposal=proposal, words="Le faire.", due_on=NOON.date(), created_at=NOON)
    places: dict[str, list[object]] = {"number": [5], "reference": [f"T5-{proposal.number:03}"]}
    more = (
        f"/themes/5/proches?mots={quote(NEAR)}",
        "/themes/5/propositions?tri=votes",
        f"/recherche?mots=T5-{proposal.number:03}",
    )
    places |= await _decided(Moderated.PROPOSAL, proposal.id, theme.working_group_id, author)
    return Told(JUDGED, Moderated.PROPOSAL, proposal.id, author, places, more)


async def a_merged_proposal(app: Starlette, world: World, author: Member) -> Told:
    """Merged into another one of an open vote."""
    theme = await Theme.get(number=3)
    proposal = await make_proposal(theme, f"{MERGED} : {NEAR}", author=author, state=ProposalState.MERGED)
    other = await make_proposal(theme, NEAR)
    await Proposal.filter(id=proposal.id).update(merged_into_id=other.id)
    await Merge.create(source=proposal, destination=other, reason="Pareil.", merged_at=NOON)
    places: dict[str, list[object]] = {
        "number": [3],
        "reference": [f"T3-{each.number:03}" for each in (proposal, other)],
    }
    places |= await _decided(Moderated.PROPOSAL, proposal.id, theme.working_group_id, author)
    more = (f"/recherche?mots=T3-{proposal.number:03}", f"/themes/3/propositions?voir=T3-{proposal.number:03}")
    return Told(MERGED, Moderated.PROPOSAL, proposal.id, author, places, more)


async def kept_minutes(app: Starlette, world: World, author: Member) -> Told:
    """Of a meeting of an open theme, kept twice; its day and who was there are not its words."""
    theme = await Theme.get(number=3)
    meeting = await Meeting.create(
        working_group_id=theme.working_group_id, number=9, minutes=f"Il y avait {KEPT}.", created_at=NOON
    )
    keeper = await load_viewer(author.id)
    async with transaction():
        await journal.record(
            keeper, "keep_minutes", "meeting", meeting.id, group=theme.working_group_id, after="T3-001", now=NOON
        )
    places: dict[str, list[object]] = {"meeting": [meeting.id]}
    places |= await _decided(Moderated.MINUTES, meeting.id, theme.working_group_id, author)
    return Told(KEPT, Moderated.MINUTES, meeting.id, author, places, ("/recherche?quoi=comptes-rendus",))


async def an_answer(app: Starlette, world: World, author: Member) -> Told:
    """The second of two to a proposal of a closed vote, with its line in the journal."""
    theme = await Theme.get(number=5)
    proposal = await make_proposal(theme, "Une demande de plus.", author=author)
    common: dict[str, Any] = {
        "proposal": proposal,
        "decision": Decision.RETAINED,
        "service": "Le service",
        "decided_on": NOON.date(),
    }
    await Answer.create(**common, number=1, reason="Oui.", created_at=NOON - timedelta(hours=1))
    given = await Answer.create(**common, number=2, reason=f"Selon {ANSWERED}.", agent=author, created_at=NOON)
    agent = await load_viewer(author.id)
    async with transaction():
        await journal.record(
            agent,
            "answer_proposal",
            "proposal",
            proposal.id,
            group=theme.working_group_id,
            after="retenue",
            reason=given.reason,
            now=NOON,
        )
    places: dict[str, list[object]] = {"number": [5], "reference": [f"T5-{proposal.number:03}"], "answer": [1, 2]}
    places |= await _decided(Moderated.ANSWER, given.id, theme.working_group_id, author)
    more = (f"/recherche?mots=T5-{proposal.number:03}",)
    return Told(ANSWERED, Moderated.ANSWER, given.id, author, places, more)


async def _decided(kind: Moderated, thing: int, group: int, author: Member) -> dict[str, list[object]]:
    """An open case about the thing, and a decided one."""
    about: dict[str, Any] = {"thing": kind, "thing_id": thing, "working_group_id": group, "opened_at": NOON}
    waiting = await ModerationCase.create(**about, open_key=f"{kind}:{thing}")
    closed = await ModerationCase.create(**about, closed_at=NOON)
    decision = await ModerationDecision.create(
        case=closed,
        act=DecisionAct.NO_ACTION,
        facts="Rien à redire.",
        decided_at=NOON,
        affected=author,
        contest_until=NOON + timedelta(days=180),
    )
    return {"case": [waiting.id, closed.id], "decision": [decision.id]}
