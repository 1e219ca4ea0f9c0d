"""Pages of a list by key: every row once and in order, in both directions, whatever is added, removed or moved
meanwhile."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from forum.database import Row, rows
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, page_among, read_page
from forum.models.members import Member
from forum.models.threads import Thread
from tests.conftest import NOON
from tests.factories import make_member, make_theme
from tests.statements import heard

RECENT = SortOrder({"h.last_post_at": datetime, "h.id": int}, newest_first=True)
BY_NAME = SortOrder({"m.handle_key": str, "m.id": int})
SIZE = 3


@pytest.fixture
async def threads(database: None) -> list[int]:
    """Eight threads, the most recent first; three have the same moment, one has no fraction of a second."""
    theme = await make_theme(3)
    moments = [NOON + timedelta(microseconds=250_000 * each) for each in (0, 1, 2, 2, 2, 3, 4, 5)]
    made = [
        await Thread.create(theme=theme, title=f"Fil {each}", created_at=NOON, last_post_at=at)
        for each, at in enumerate(moments)
    ]
    return [each.id for each in reversed(made)]


async def recent(turn: PageTurn = FIRST) -> Page[Row]:
    return await read_page(
        "SELECT h.id, h.last_post_at FROM thread h WHERE h.posts_count < $1", [9], RECENT, turn, SIZE
    )


def ids(page: Page[Row]) -> list[int]:
    return [each["id"] for each in page.shown]


async def test_pages_follow_one_another_and_lead_back(threads: list[int]) -> None:
    first = await recent()
    second = await recent(PageTurn(first.next or ""))
    last = await recent(PageTurn(second.next or ""))
    assert [ids(first), ids(second), ids(last)] == [threads[:3], threads[3:6], threads[6:]]
    assert (first.previous, last.next) == (None, None)
    assert await recent(PageTurn(last.previous or "", back=True)) == second
    assert ids(await recent(PageTurn(second.previous or "", back=True))) == threads[:3]


async def test_a_page_holds_while_rows_move_go_and_come(threads: list[int]) -> None:
    """A post in the thread of the key moves it to the top; the next page does not change."""
    further = PageTurn((await recent()).next or "")
    theme_id = (await Thread.get(id=threads[0])).theme_id
    await rows("UPDATE thread SET last_post_at = $1 WHERE id = $2", NOON + timedelta(hours=1), threads[2])
    await Thread.create(theme_id=theme_id, title="Neuf", created_at=NOON, last_post_at=NOON + timedelta(hours=2))
    await rows("DELETE FROM thread WHERE id = $1", threads[4])
    page = await recent(further)
    assert ids(page) == [threads[3], threads[5], threads[6]]
    # More rows come before: the previous page ends where this one begins.
    assert ids(await recent(PageTurn(page.previous or "", back=True)))[-1] == threads[1]


async def test_the_page_at_an_end_stands_for_what_is_past_it(threads: list[int]) -> None:
    first, last = await recent(), threads[5:]
    assert await recent(PageTurn("19700101T000000~1")) == await recent(PageTurn("19700101T000000~2"))
    assert ids(await recent(PageTurn("19700101T000000~1"))) == last
    # Only two rows come before: the first page is shown instead, in full.
    assert ids(await recent(PageTurn(RECENT.key((await recent()).shown[2]), back=True))) == ids(first)
    await rows("DELETE FROM thread")
    assert await recent(PageTurn(first.next or "")) == Page(())


@pytest.mark.parametrize(
    "key",
    [
        *("", "x", "1", "~", "demain~1", "\0~1", "' OR 1=1 --~1", "20261123T110000", "20261123T110000~"),
        *(f"20261123T110000~{number}" for number in ("-1", "99999999999", "2147483648", "١", "1~1")),
        *("20261123T110000+0100~1", "99999999T999999~1"),
    ],
)
@pytest.mark.parametrize("back", [False, True])
async def test_a_key_that_cannot_be_read_leads_to_the_first_page(threads: list[int], key: str, back: bool) -> None:
    assert await recent(PageTurn(key, back)) == await recent()


async def test_the_first_page_costs_a_statement_and_any_other_two(threads: list[int]) -> None:
    with heard() as statements:
        first = await recent()
    assert len(statements) == 1
    with heard() as statements:
        second = await recent(PageTurn(first.next or ""))
    assert len(statements) == 2
    for turn in (PageTurn(second.previous or "", back=True), PageTurn("19700101T000000~1")):
        with heard() as statements:
            await recent(turn)
        assert len(statements) == 2


async def test_names_are_keys_too(database: None) -> None:
    members = [await make_member(name) for name in ("Zoé", "Élodie Martin", "Camille", "Ann-Sophie", "Bob", "Yves")]
    # No handle holds the separator of values, but a key would not break if one did.
    await Member.filter(id=members[2].id).update(handle_key="camille~7")
    met: list[int] = []
    turn: PageTurn | None = FIRST
    while turn:
        page = await read_page("SELECT m.id, m.handle_key FROM member m WHERE $1 = 1", [1], BY_NAME, turn, 2)
        met += ids(page)
        turn = PageTurn(page.next) if page.next else None
    assert sorted(met) == sorted(each.id for each in members)
    assert len(met) == 6


def test_a_key_is_readable_and_says_all_that_the_list_is_sorted_by() -> None:
    at = datetime(2026, 11, 30, 9, 5, 7, 40, tzinfo=UTC)
    key = RECENT.key({"last_post_at": at, "id": 12})
    assert key == "20261130T090507.000040~12"
    assert RECENT.values(key) == (at, 12)


@pytest.mark.parametrize(
    ("turn", "shown", "following", "previous"),
    [
        (FIRST, [9, 4, 7], "7", None),
        (PageTurn("7"), [1, 8, 2], "2", "1"),
        (PageTurn("2"), [5], None, "5"),
        (PageTurn("5"), [5], None, "5"),
        (PageTurn("5", back=True), [1, 8, 2], "2", "1"),
        (PageTurn("4", back=True), [9, 4, 7], "7", None),
        (PageTurn("absent"), [9, 4, 7], "7", None),
        (PageTurn("8", holds=True), [1, 8, 2], "2", "1"),
        (PageTurn("5", holds=True), [5], None, "5"),
        (PageTurn("9", holds=True), [9, 4, 7], "7", None),
        # The key of none leads to where the nearest number stands.
        (PageTurn("6"), [1, 8, 2], "2", "1"),
        (PageTurn("300", holds=True), [9, 4, 7], "7", None),
        (PageTurn("3", holds=True), [9, 4, 7], "7", None),
    ],
)
def test_lists_in_memory_are_paged_in_the_same_way(
    turn: PageTurn, shown: Sequence[int], following: str | None, previous: str | None
) -> None:
    known = [9, 4, 7, 1, 8, 2, 5]
    start = known.index(shown[0])
    assert page_among(known, lambda one: one, turn, SIZE) == Page(tuple(shown), following, previous, start)
    assert page_among([], lambda one: one, turn, SIZE) == Page(())
