"""Every place where people's words are shown, read at once: pages, feeds, sheets, archives, mails, documents to come.

What is hidden or withdrawn must be in none of them. The two lists name every address that answers GET: an address that
is on none fails `tests/moderation/test_sinks.py`, so that whoever adds one says whether it shows words.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import quote

from httpx2 import AsyncClient
from starlette.applications import Starlette
from starlette.routing import Route

from forum.database import rows, transaction
from forum.domain import journal
from forum.domain.chapters.outlines import outline_of
from forum.domain.privacy.personal_facts import collect
from forum.domain.proposals.duplicates import nearest
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.domain.syntheses.snapshots import to_json
from forum.domain.themes.themes import find_theme
from forum.models.answers import Obligation
from forum.models.cases import DecisionAct, ModerationCase, ModerationDecision
from forum.models.meetings import Meeting, MeetingTag, TagState, UnknownTag
from forum.models.members import Member
from forum.models.moderation import Moderated
from forum.models.notifications import Event, Notification
from forum.models.posts import PendingPost, Post, Reception
from forum.models.proposals import Merge, Nature, Origin, Proposal, ProposalState, ProposalTurn, ProposalVersion
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.models.votes import Ballot
from forum.routes import routes
from forum.sealing import unseal
from tests.conftest import NOON, visitor
from tests.factories import make_extract, make_member, make_post, make_proposal, make_thread, sign_in
from tests.world import World, make_pending

CONTRIBUTED, RECEIVED, PROPOSED, JUDGED, MERGED = ("Zyzomys", "Ocelot", "Quetzal", "Xylophage", "Wombat")
WAITING = "Isatis"
"""Words that stand each in one thing alone, in all that is said there."""
NEAR = "Former les bibliothécaires à l’accueil de tous les publics éloignés du numérique."
"""Words like those of the proposal, without that one."""

OF_POSTS = {
    *("thread", "post_history", "post_revision", "reply", "edit_post", "theme", "propose_from_post", "proposal"),
    *("harvest", "inbox", "tag_selection", "meeting", "waiting_tags", "notifications", "own_contributions", "journal"),
    *("rename_thread", "lock_thread", "unlock_thread", "pin_thread", "unpin_thread", "move_posts", "join_thread"),
    *("change_theme", "theme_feed", "thread_feed", "unread"),
    *("notify_post", "moderation", "enter_received"),
}
"""Addresses that show words of contributions, or titles of threads, by the names of their routes."""
OF_RECEIVED = {
    *("thread", "post_history", "post_revision", "reply", "propose_from_post", "proposal", "harvest", "inbox"),
    *("tag_selection", "meeting", "waiting_tags", "notifications", "theme_proposals", "merge_proposal"),
    *("theme_feed", "thread_feed", "duplicates"),
}
"""Those that show the name of the author of a contribution received elsewhere."""
OF_PROPOSALS = {
    *("proposal", "proposal_versions", "proposal_version", "theme_proposals", "near_proposals", "duplicates"),
    *("certify_version", "amend_proposal", "withdraw_proposal", "set_aside_proposal", "take_back_proposal"),
    *("merge_proposal", "harvest", "meeting", "tag_selection", "own_contributions", "notifications", "thread"),
    *("notify_proposal", "moderation"),
}
"""Those that show words of proposals that are put to the vote."""
OF_RESULTS = {
    *("proposal", "proposal_version", "proposal_versions", "theme_proposals", "near_proposals", "own_contributions"),
    *("answer_proposal", "promise", "follow_up", "results_by_group", "results_sheet", "tag_selection"),
    *("notify_proposal", "moderation"),
}
"""Those that show words of proposals that were judged and answered."""
OF_MERGES = {
    *("proposal", "merged_proposal", "unmerge_proposal", "theme_proposals", "proposal_version", "proposal_versions"),
    *("set_aside_proposal", "take_back_proposal", "withdraw_proposal", "own_contributions"),
    *("notify_proposal", "moderation"),
}
"""Those that show words of proposals that were merged into another one."""
SILENT = {
    *(
        "follow_notice",
        "own_notices",
        "confirm_notice",
        "contest_notice",
        "contest_own_notice",
        "post_decision",
        "proposal_decision",
        "moderation_figures",
        "moderation_sheet",
    ),
    # Words that several people repeat: `tests/moderation/test_signals.py` hides some of them.
    *("moderation_signals",),
    *(
        "resume_thread",
        "home",
        "theme_schedule",
        "post",
        "meetings",
        "meetings_calendar",
        "new_meeting",
        "meeting_calendar",
    ),
    *(
        "undo_move",
        "quote_post",
        "new_thread",
        "propose",
        "drafts",
        "draft",
        "minutes",
        "keep_obligation",
        "postpone_obligation",
    ),
    *("edit_meeting", "syntheses", "synthesis", "read_synthesis", "frozen_data", "document", "api_synthesis"),
    *("sign_in", "sign_in_code", "provider_return", "first_time", "provider_signed_out", "link_identity"),
    *("unlink_identity", "security", "change_password", "set_up_factor", "renew_codes", "turn_factor_off", "sign_up"),
    *("confirm_sign_up", "accept_invitation", "forgotten_password", "new_password", "account", "confirm_address"),
    *("address", "old_address", "new_address", "administration", "site_state", "people", "person", "person_rights"),
    *(
        "person_suspension",
        "person_factor",
        "invitations",
        "invite",
        "invitation_file",
        "invitation_batch",
        "own_data",
    ),
    *("person_votes", "count_votes_again", "person_correction"),
    *("api_own_archive", "own_archive", "erase_account", "help", "help_rights", "legal_notice", "privacy", "charter"),
    *("accessibility", "cookies", "metrics", "live", "ready", "static"),
}
"""Addresses that show nobody's words, or those that were frozen before."""

OF_DECISIONS: Mapping[str, frozenset[str]] = {
    "withdraw_post": frozenset({"author"}),
    "erase_received": frozenset({"moderator of A", "administrator"}),
    "correct_reception": frozenset({"moderator of A", "administrator"}),
    "pending_post": frozenset({"moderator of A", "administrator", "author"}),
    "moderation_case": frozenset({"moderator of A", "administrator"}),
    "moderation_decision": frozenset({"moderator of A", "administrator", "author"}),
    "contest_decision": frozenset({"author"}),
    "answer_complaint": frozenset({"moderator of A", "administrator"}),
    "answer_notice": frozenset({"moderator of A", "administrator"}),
}
"""Addresses where these readers, and nobody else, may read words that are not shown."""
READERS = ("visitor", "member", "moderator of A", "agent", "administrator", "author")


@dataclass(frozen=True)
class Told:
    """A contribution or a proposal whose word is all over the site, its author, and where to look."""

    word: str
    kind: Moderated
    id: int
    author: Member
    places: Mapping[str, Sequence[object]]
    more: tuple[str, ...] = ()


class Sight(NamedTuple):
    """A word that somebody reads in a sink: at an address of the route `name`, or in what is no address."""

    word: str
    name: str
    address: str
    reader: str


async def all_things(app: Starlette, world: World) -> list[Told]:
    """One of each kind in one world, all by one person."""
    author = await make_member("Zoé Auteure")
    makers = (a_contribution, a_received_contribution, a_proposal, a_judged_proposal, a_merged_proposal)
    return [await make(app, world, author) for make in makers]


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
    elsewhere = await Thread.get(title="Ailleurs")
    mark = f"%7B%7Bcitation%20{post.id}@1%200-7%7D%7D"
    places: dict[str, list[object]] = {
        "number": [3, 6],
        "thread": [thread.id, elsewhere.id],
        "post": [post.id],
        "reference": [f"T3-{made.number:03}"],
        "extract": [origin.id],
    }
    more = (
        f"/fils/{elsewhere.id}/repondre?citation={mark}&en_reponse_a={post.id}",
        f"/contributions/{post.id}/revisions/1?de=0&a=7",
        f"/contributions/{post.id}/citer?mots={CONTRIBUTED}",
        f"/fils/{thread.id}?reunion=1",
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
    more = (f"/fils/{thread.id}/repondre?citation=%7B%7Bcitation%20{post.id}@1%200-6%7D%7D&en_reponse_a={post.id}",)
    places |= await _decided(Moderated.POST, post.id, theme.working_group_id, author)
    return Told(RECEIVED, Moderated.POST, post.id, author, places, more)


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
    proposal = await make_proposal(theme, f"{NEAR} {PROPOSED}.", author=author)
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
        wording=f"{NEAR} {PROPOSED}.",
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
    places: dict[str, list[object]] = {
        "number": [3],
        "thread": [post.thread_id],
        "post": [post.id],
        "reference": [f"T3-{each.number:03}" for each in (proposal, near, joined, withdrawn)],
        "version": [1, 2],
        "extract": [extract.id],
        "meeting": [meeting.id],
    }
    more = (
        f"/themes/3/proches?mots={quote(NEAR)}",
        f"/propositions/T3-{joined.number:03}/origine",
        "/themes/3/propositions?reunion=1",
        f"/propositions/T3-{near.number:03}/fusionner?destination=T3-{proposal.number:03}",
    )
    places |= await _decided(Moderated.PROPOSAL, proposal.id, theme.working_group_id, author)
    return Told(PROPOSED, Moderated.PROPOSAL, proposal.id, author, places, more)


async def a_judged_proposal(app: Starlette, world: World, author: Member) -> Told:
    """Judged by groups of people, answered, with something promised."""
    theme = await Theme.get(number=5)
    proposal = await make_proposal(theme, f"{NEAR} {JUDGED}.", author=author)
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
    more = (f"/themes/5/proches?mots={quote(NEAR)}", "/themes/5/propositions?tri=votes")
    places |= await _decided(Moderated.PROPOSAL, proposal.id, theme.working_group_id, author)
    return Told(JUDGED, Moderated.PROPOSAL, proposal.id, author, places, more)


async def a_merged_proposal(app: Starlette, world: World, author: Member) -> Told:
    """Merged into another one of an open vote."""
    theme = await Theme.get(number=3)
    proposal = await make_proposal(theme, f"{NEAR} {MERGED}.", author=author, state=ProposalState.MERGED)
    other = await make_proposal(theme, NEAR)
    await Proposal.filter(id=proposal.id).update(merged_into_id=other.id)
    await Merge.create(source=proposal, destination=other, reason="Pareil.", merged_at=NOON)
    places: dict[str, list[object]] = {
        "number": [3],
        "reference": [f"T3-{each.number:03}" for each in (proposal, other)],
    }
    places |= await _decided(Moderated.PROPOSAL, proposal.id, theme.working_group_id, author)
    return Told(MERGED, Moderated.PROPOSAL, proposal.id, author, places)


def addresses(things: Sequence[Told]) -> dict[str, str]:
    """Every address that answers GET, with the places of the things, and the name of its route."""
    found: dict[str, str] = {}
    known: dict[str, set[object]] = {"revision": {1, 2}, "meeting": {1, 2, 3}, "version": {1}, "filename": {"x"}}
    for told in things:
        for name, values in told.places.items():
            known.setdefault(name, set()).update(values)
    for route in read():
        names = list(route.param_convertors)
        for chosen in product(*(sorted(known.get(name, {1}), key=str) for name in names)):
            found[str(route.url_path_for(route.name, **dict(zip(names, chosen, strict=True))))] = route.name
    for address in (each for told in things for each in told.more):
        path = address.partition("?")[0]
        found[address] = next(route.name for route in read() if route.path_regex.fullmatch(path))
    return found


def read() -> list[Route]:
    """The routes that answer GET."""
    return [each for each in routes() if isinstance(each, Route) and "GET" in (each.methods or ())]


async def leaks(
    app: Starlette, world: World, things: Sequence[Told], *, for_good: bool = False, again: Set[Sight] = frozenset()
) -> set[Sight]:
    """Who reads the words, and where. Kept pages are used, as by readers. `for_good`: their author and those who decide
    do not read them either. `again`: look only where they were seen then."""
    names = {address: name for address, name in addresses(things).items() if name not in ("static", "set_up_factor")}
    once = {(sight.reader, sight.address) for sight in again}
    words, found = {told.word for told in things}, set[Sight]()
    for reader in READERS:
        async with visitor(app) as browser:
            await _be(browser, world, reader, things[0].author)
            for language, (address, name) in product(_languages(reader), names.items()):
                if once and (reader, language + address) not in once:
                    continue
                answer = await browser.get(language + address)
                assert answer.status_code < 500, address
                if reader in OF_DECISIONS.get(name, ()) and not for_good:
                    continue
                said = answer.text + answer.headers.get("location", "").partition("?")[0]
                found |= {Sight(word, name, language + address, reader) for word in words if word in said}
    return found | await _elsewhere(world, things)


def _languages(reader: str) -> tuple[str, ...]:
    return ("", "/en") if reader in ("visitor", "author") else ("",)


async def _be(browser: AsyncClient, world: World, reader: str, author: Member) -> None:
    if reader == "author":
        await sign_in(browser, author)
    elif token := world.guests[reader].token:
        browser.cookies.set("session", token, domain="127.0.0.1")


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


async def _elsewhere(world: World, things: Sequence[Told]) -> set[Sight]:
    """What is no address: documents made from now on, archives of others, near texts, mails that wait."""
    theme = await find_theme(3)
    snapshot = await freeze(None, NOON, await read_introductions())
    others = [guest.member for guest in world.guests.values() if guest.member]
    others += await Member.filter(name__in=("Quentin Quête", "Quitterie Quête"))
    archives = [await collect(other.id, NOON) for other in others]
    mails = [unseal(each["content"]) for each in await rows("SELECT content FROM mail")]
    sinks: dict[str, object] = {
        "data": to_json(snapshot),
        "documents": outline_of(snapshot),
        "near texts": [await nearest(theme, [f"{NEAR} {told.word}."]) for told in things],
        "archives of others": json.dumps(archives, ensure_ascii=False),
        "mails": mails,
    }
    words = {told.word for told in things}
    return {Sight(word, name, "", "") for name, said in sinks.items() for word in words if word in str(said)}
