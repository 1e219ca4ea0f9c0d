"""Every place where people's words are shown, read at once: pages, feeds, sheets, archives, mails, documents to come.

What is hidden or withdrawn must be in none of them. The two lists name every address that answers GET: an address that
is on none fails `tests/moderation/test_sinks.py`, so that whoever adds one says whether it shows words.
"""

import json
from collections.abc import Mapping, Sequence, Set
from datetime import timedelta
from itertools import product
from typing import NamedTuple

from httpx2 import AsyncClient
from starlette.applications import Starlette
from starlette.routing import Route

from forum.database import rows
from forum.domain.chapters.outlines import outline_of
from forum.domain.following.letters import news_told
from forum.domain.privacy.personal_facts import collect
from forum.domain.proposals.duplicates import nearest
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.domain.syntheses.snapshots import to_json
from forum.domain.themes.themes import find_theme
from forum.models.following import MailKind
from forum.models.members import Member
from forum.routes import routes
from forum.sealing import unseal
from tests.conftest import NOON, visitor
from tests.factories import sign_in
from tests.told import NEAR, Told
from tests.world import World

OF_POSTS = {
    *("thread", "post_history", "post_revision", "reply", "edit_post", "theme", "propose_from_post", "proposal"),
    *("harvest", "inbox", "tag_selection", "meeting", "waiting_tags", "notifications", "own_contributions", "journal"),
    *("rename_thread", "lock_thread", "unlock_thread", "pin_thread", "unpin_thread", "move_posts", "join_thread"),
    *("change_theme", "theme_feed", "thread_feed", "unread", "follows", "print_thread", "drafts"),
    *("notify_post", "moderation", "enter_received", "synthesis_text", "search"),
}
"""Addresses that show words of contributions, or titles of threads, by the names of their routes."""
OF_RECEIVED = {
    *("thread", "post_history", "post_revision", "reply", "propose_from_post", "proposal", "harvest", "inbox"),
    *("tag_selection", "meeting", "waiting_tags", "notifications", "theme_proposals", "merge_proposal"),
    *("theme_feed", "thread_feed", "duplicates", "print_thread", "search"),
}
"""Those that show the name of the author of a contribution received elsewhere."""
OF_PROPOSALS = {
    *("proposal", "proposal_versions", "proposal_version", "theme_proposals", "near_proposals", "duplicates"),
    *("certify_version", "amend_proposal", "withdraw_proposal", "set_aside_proposal", "take_back_proposal"),
    *("merge_proposal", "harvest", "meeting", "tag_selection", "own_contributions", "notifications", "thread"),
    *("follows", "notify_proposal", "moderation", "synthesis_texts", "synthesis_text", "search"),
}
"""Those that show words of proposals that are put to the vote."""
OF_RESULTS = {
    *("proposal", "proposal_version", "proposal_versions", "theme_proposals", "near_proposals", "own_contributions"),
    *("answer_proposal", "promise", "follow_up", "results_by_group", "results_sheet", "tag_selection"),
    *("notify_proposal", "moderation", "search"),
}
"""Those that show words of proposals that were judged and answered."""
OF_MERGES = {
    *("proposal", "merged_proposal", "unmerge_proposal", "theme_proposals", "proposal_version", "proposal_versions"),
    *("set_aside_proposal", "take_back_proposal", "withdraw_proposal", "own_contributions"),
    *("notify_proposal", "moderation", "search", "synthesis_texts"),
}
"""Those that show words of proposals that were merged into another one."""
OF_MINUTES = {"meeting", "notify_minutes", "moderation", "search"}
"""Those that show words of kept minutes."""
OF_ANSWERS = {"proposal", "answer_proposal", "own_contributions", "journal", "notify_answer", "moderation", "search"}
"""Those that show words of official answers."""
SILENT = {
    *(
        "follow_notice",
        "own_notices",
        "confirm_notice",
        "contest_notice",
        "contest_own_notice",
        "post_decision",
        "proposal_decision",
        "minutes_decision",
        "answer_decision",
        "moderation_figures",
        "moderation_sheet",
    ),
    # Words that several people repeat: `tests/moderation/test_signals.py` hides some of them.
    *("moderation_signals",),
    *(
        "titled_thread",
        "resume_thread",
        "thread_people",
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
    *("stop_mails", "accessibility", "cookies", "metrics", "live", "ready", "static"),
    *("synthesis_text_versions", "help_verify", "verifying_file", "own_ballots", "sign_synthesis", "signature"),
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


class Sight(NamedTuple):
    """A word that somebody reads in a sink: at an address of the route `name`, or in what is no address."""

    word: str
    name: str
    address: str
    reader: str


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


async def _elsewhere(world: World, things: Sequence[Told]) -> set[Sight]:
    """What is no address: documents made from now on, archives of others, near texts, mails that wait, and those
    about news that would leave now."""
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
        "letters": [await _letters(other.id) for other in others],
    }
    words = {told.word for told in things}
    return {Sight(word, name, "", "") for name, said in sinks.items() for word in words if word in str(said)}


async def _letters(member: int) -> str:
    """What mails about news would tell a member if they left now, whenever they were asked for."""
    notices = await rows("SELECT id FROM notification WHERE member_id = $1", member)
    window = {"begin": (NOON - timedelta(days=1)).isoformat(), "end": NOON.isoformat(), "lead": "1"}
    told = [*await news_told(MailKind.FOLLOWED, member, window)]
    if notices:
        told += await news_told(MailKind.ADDRESSED, member, {"told": " ".join(str(each["id"]) for each in notices)})
    return str(told)
