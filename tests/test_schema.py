"""The schema as a site has it: the unique sets and the indexes of the database, listed here in full.

On SQLite, changing a column rebuilds its table and can silently drop what is listed here; the application would then
count two ballots of one person. So the list is compared on both databases, and the application refuses to start without
the unique set that votes depend on.
"""

import re
from pathlib import Path

import pytest
from tortoise import Tortoise

from forum.app import build
from forum.database import close_database, connect, is_sqlite, open_database, rows, unique_sets
from forum.domain.sign_in.sessions import VIEWER_QUERY
from forum.errors import CannotStart
from forum.schema import migrate
from forum.settings import Settings, settings
from tests.factories import make_member

UNIQUE: dict[str, set[tuple[str, ...]]] = {
    "address_change": {("member_id",)},
    "answer": {("proposal_id", "number")},
    "archive": {("member_id",)},
    "backup": set(),
    "text_pass": {("version",)},
    "sign_of_life": {("who",)},
    "ballot": {("proposal_id", "voter_id")},
    "ballot_change": set(),
    "ballot_key": {("member_id",)},
    "ballot_sheet": {("sha256",)},
    "bounce": {("member_id", "mail")},
    "distinction": {("one_id", "other_id")},
    "document": {("synthesis_id", "format")},
    "excluded_vote": {("theme_id", "member_id")},
    "extract": set(),
    "follow": {
        ("member_id", "theme_id"),
        ("member_id", "thread_id"),
        ("member_id", "proposal_id"),
        ("member_id", "meeting_id"),
    },
    "guiding_question": {("theme_id", "position")},
    "identification": {("member_id",)},
    "identity": {("issuer", "subject")},
    "invitation": {("email_key",)},
    "invitation_batch": set(),
    "job": {("key",)},
    "journal_entry": set(),
    "journal_head": set(),
    "kept_place": {("proposal_id",)},
    "kept_result": {("theme_id",)},
    "link": {("token_hash",)},
    "mail": set(),
    "mail_wish": {("member_id", "kind")},
    "meeting": {("working_group_id", "number")},
    "meeting_tag": {("post_id", "meeting_id")},
    "member": {("handle_key",), ("email_key",)},
    "mention": {("post_id", "handle_key")},
    "moderation_case": {("open_key",)},
    "moderation_complaint": {("decision_id",)},
    "moderation_decision": set(),
    "moderation_notice": set(),
    "moderator": {("member_id", "working_group_id")},
    "moved_post": {("turn_id", "post_id")},
    "notification": {("member_id", "post_id"), ("member_id", "key")},
    "obligation": set(),
    "pending_post": {("post_id",)},
    "post": {("thread_id", "number")},
    "post_revision": {("post_id", "number")},
    "proposal": {("theme_id", "number")},
    "post_draft": {("member_id", "kind", "thing")},
    "proposal_merge": set(),
    "proposal_question": {("proposal_id", "question_id")},
    "proposal_turn": set(),
    "proposal_version": {("proposal_id", "number")},
    "provider_visit": {("state_hash",)},
    "published_release": {("theme_id", "closed_at")},
    "quote": {("post_id", "position")},
    "reception": {("post_id",)},
    "recovery_code": set(),
    "search_entry": {("kind", "thing_id")},
    "second_factor": {("member_id",)},
    "sent_form": {("member_id", "key")},
    "session": {("token_hash",)},
    "sign_up": set(),
    "signature": {("synthesis_id",)},
    "synthesis": {("scope", "version")},
    "synthesis_block": {("synthesis_id", "kind", "subject", "number")},
    "theme": {("number",)},
    "thread": {("import_key",)},
    "thread_read": {("member_id", "thread_id")},
    "thread_turn": set(),
    "unknown_tag": {("post_id", "number")},
    "treatment": {("post_id",)},
    "withheld": {("table_name", "row_id")},
    "working_group": {("slug",)},
}

# Every foreign key that a page or a deletion follows, except those that begin a unique set.
INDEXED = {
    "answer": {"agent_id"},
    "ballot": {"voter_id", "carried_from_id"},
    "ballot_change": {"proposal_id", "voter_id"},
    "ballot_sheet": {"theme_id"},
    "bounce": {"at"},
    "distinction": {"other_id", "member_id"},
    "excluded_vote": {"member_id"},
    "extract": {"post_id", "member_id", "proposal_id"},
    "follow": {"theme_id", "thread_id", "proposal_id", "meeting_id"},
    "identification": {"purge_at"},
    "identity": {"member_id"},
    "invitation": {"inviter_id"},
    "invitation_batch": {"member_id"},
    "job": {"state"},
    "journal_entry": {"at", "actor_id", "working_group_id"},
    "link": {"expires_at"},
    "mail_wish": {"due_at"},
    "meeting_tag": {"meeting_id", "member_id"},
    "mention": {"member_id"},
    "moderation_case": {"thing", "working_group_id", "claimed_by_id"},
    "moderation_complaint": {"member_id", "answered_by_id", "created_at"},
    "moderation_decision": {"case_id", "decided_by_id", "affected_id", "decided_at"},
    "moderation_notice": {"case_id", "member_id", "created_at", "complained_of_id", "answered_by_id"},
    "moderator": {"working_group_id"},
    "moved_post": {"post_id"},
    "notification": {"post_id", "proposal_id", "theme_id", "thread_id", "case_id", "decision_id"},
    "obligation": {"proposal_id", "agent_id"},
    "post": {"author_id", "reply_to_id", "created_at"},
    "post_revision": {"editor_id"},
    "proposal": {"author_id", "promoter_id", "extract_id", "meeting_id", "merged_into_id", "in_favour_of_id"},
    "proposal_merge": {"source_id", "destination_id", "member_id"},
    "proposal_question": {"question_id"},
    "proposal_turn": {"proposal_id", "member_id", "other_id", "at"},
    "proposal_version": {"editor_id", "certifier_id"},
    "provider_visit": {"member_id"},
    "quote": {"quoted_id"},
    "recovery_code": {"member_id"},
    "session": {"member_id"},
    "sign_up": {"expires_at"},
    "synthesis": {"theme_id", "requester_id"},
    "synthesis_block": {"author_id"},
    "theme": {"working_group_id"},
    "thread": {"theme_id", "author_id", "moved_into_id"},
    "sent_form": {"pending_id", "post_id"},
    "thread_read": {"thread_id"},
    "thread_turn": {"thread_id", "member_id", "other_id", "from_theme_id", "to_theme_id"},
    "treatment": {"member_id"},
    "withheld": {"thing"},
}


# Partial indexes, by name.
PARTIAL = {
    "notification_unmailed": ("notification (member_id)", "mailed_at IS NULL"),
    "notification_unread": ("notification (member_id)", "read_at IS NULL"),
    "post_not_shown": ("post (thread_id)", "state <> 'shown'"),
}


async def tables() -> set[str]:
    """The tables of the forum, without the one in which Tortoise notes its migrations, and the index of searches."""
    query = (
        """SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
              AND name NOT GLOB 'search_words*'"""
        if is_sqlite()
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'search_words'"
    )
    return {one["name"] for one in await rows(query) if "migration" not in one["name"]}


async def test_the_models_are_the_schema(database: Settings) -> None:
    """One that `forum/models/__init__.py` forgets is a table that the next migration would drop."""
    assert {model._meta.db_table for model in Tortoise.apps["forum"].values()} == await tables()


async def first_columns_of_indexes(table: str) -> set[str]:
    """The first column of each index of a table."""
    if is_sqlite():
        names = [one["name"] for one in await rows(f'SELECT name FROM pragma_index_list("{table}")')]
        found = [await rows(f'SELECT name FROM pragma_index_info("{name}") WHERE seqno = 0') for name in names]
        return {one[0]["name"] for one in found}
    query = """
        SELECT a.attname AS name FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indrelid = to_regclass($1)"""
    return {one["name"] for one in await rows(query, table)}


async def test_a_database_has_exactly_these_tables(database: Settings) -> None:
    assert await tables() == set(UNIQUE)


@pytest.mark.parametrize("table", sorted(UNIQUE))
async def test_the_database_keeps_these_sets_unique(database: Settings, table: str) -> None:
    found = (await unique_sets(table)) - {frozenset({"id"})}
    assert found == {frozenset(columns) for columns in UNIQUE[table]}


@pytest.mark.parametrize("table", sorted(INDEXED))
async def test_the_database_finds_by_these_columns(database: Settings, table: str) -> None:
    assert INDEXED[table] <= await first_columns_of_indexes(table)


@pytest.mark.parametrize("index", sorted(PARTIAL))
async def test_the_database_keeps_these_indexes_of_some_rows(database: Settings, index: str) -> None:
    query = (
        "SELECT sql AS made FROM sqlite_master WHERE type = 'index' AND name = $1"
        if is_sqlite()
        else "SELECT indexdef AS made FROM pg_indexes WHERE indexname = $1"
    )
    (found,) = await rows(query, index)
    on, where = found["made"].split(" WHERE ")
    # As PostgreSQL writes it: ((state)::text <> 'shown'::text).
    plain = re.sub(r"::\w+|[()]", "", where)
    assert (on.replace("public.", "").replace("USING btree ", "").split(" ON ")[1], plain) == PARTIAL[index]


@pytest.mark.sqlite_only
async def test_the_unread_are_counted_in_their_index(database: Settings) -> None:
    """Each page of a member needs this count: the plan of the session's query must not read a list of notices.
    PostgreSQL reads an empty table whole, whatever its indexes."""
    plan = await rows(f"EXPLAIN QUERY PLAN {VIEWER_QUERY.replace('$1', 'NULL')}")
    assert any("notification_unread" in one["detail"] for one in plan)


async def test_migrating_again_changes_nothing(database: Settings) -> None:
    await make_member()
    before = {table: await unique_sets(table) for table in UNIQUE}
    await close_database()
    await migrate(database)
    await open_database(database)
    assert {table: await unique_sets(table) for table in UNIQUE} == before
    assert len(await rows("SELECT id FROM member")) == 1


async def test_the_start_is_refused_until_the_last_migration_is_there(database: Settings) -> None:
    last = "0002_unread"
    await rows("UPDATE tortoise_migrations SET app = 'elsewhere' WHERE name = $1", last)
    await close_database()
    with pytest.raises(CannotStart, match="n’est pas à jour ; lancez python -m forum migrate"):
        await open_database(database)
    await connect(database)
    await rows("UPDATE tortoise_migrations SET app = 'forum' WHERE name = $1", last)


async def test_the_start_is_refused_when_ballots_could_be_doubled(database: Settings) -> None:
    await rows("ALTER TABLE ballot RENAME TO ballot_before")
    await rows("CREATE TABLE ballot (id INTEGER PRIMARY KEY, proposal_id INTEGER, voter_id INTEGER, opinion TEXT)")
    await close_database()
    app = build(database)
    with pytest.raises(CannotStart, match="compterait deux fois"):
        async with app.router.lifespan_context(app):
            pass
    # PostgreSQL's tables are shared by the tests of a run: the one that was set aside is restored.
    await connect(database)
    await rows("DROP TABLE ballot")
    await rows("ALTER TABLE ballot_before RENAME TO ballot")


async def test_the_start_is_refused_before_the_migrations(
    configured: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_DATABASE__URL", f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    settings.cache_clear()
    with pytest.raises(CannotStart, match="python -m forum migrate"):
        await open_database(settings())
    await close_database()
