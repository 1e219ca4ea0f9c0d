"""The example consultation: the real thread, invented people, loaded once, labelled as an example everywhere."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from httpx2 import AsyncClient

from forum.database import rows, transaction
from forum.domain.members.members import has_examples
from forum.domain.sign_in import passwords
from forum.domain.sign_in.passwords import hash_password
from forum.domain.votes import votes
from forum.importing import example
from forum.importing.example import ExampleAccount, load_example
from forum.importing.themes import load_themes
from forum.models.members import Member
from forum.models.proposals import Proposal
from forum.settings import ROOT, Settings
from tests.conftest import NOON
from tests.factories import count


async def loaded() -> tuple[ExampleAccount, ...]:
    await load_themes(ROOT / "themes")
    return await load_example(NOON)


async def test_the_example_has_an_account_of_each_role_with_a_password_of_its_own(database: Settings) -> None:
    accounts = await loaded()
    assert [account.title for account in accounts] == ["membre", "modératrice", "agent", "administratrice"]
    assert len({account.password for account in accounts}) == 4
    assert all(len(account.password) >= database.passwords.minimum_length for account in accounts)


async def test_passwords_are_hashed_before_any_lock(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    async def hashing(password: str, *, asker: str) -> str:
        done.append("hash")
        return await hash_password(password, asker=asker)

    @asynccontextmanager
    async def holding() -> AsyncIterator[None]:
        done.append("hold")
        async with transaction():
            yield

    monkeypatch.setattr(passwords, "hash_password", hashing)
    monkeypatch.setattr(example, "transaction", holding)
    await loaded()
    assert done == ["hash"] * 4 + ["hold"]


async def test_each_example_account_can_sign_in(client: AsyncClient) -> None:
    for account in await loaded():
        answer = await client.post("/connexion", data={"identifiant": account.email, "mot_de_passe": account.password})
        assert answer.status_code == 303, account.title


async def test_loading_the_example_twice_changes_nothing(database: Settings) -> None:
    await loaded()
    tables = ("member", "post", "proposal", "extract", "ballot", "ballot_change", "meeting_tag", "theme")
    before = [await count(table) for table in tables]
    assert await loaded() == ()
    assert [await count(table) for table in tables] == before


async def test_the_example_is_the_real_thread_with_its_ten_posts(client: AsyncClient) -> None:
    await loaded()
    text = (await client.get("/fils/1")).text
    assert text.count('<article class="post') == 10
    assert text.count("GT réunion 1") >= 3
    assert "MEDIATEURS NUMERIQUES en CDI!" in re.sub(r"</?mark[^>]*>", "", text)


async def test_the_proposals_of_the_example_keep_the_exact_words(database: Settings) -> None:
    await loaded()
    found = await rows(
        """SELECT c.number, c.plain, e.start, e.stop, p.meeting_id, p.author_id FROM proposal p
             JOIN extract e ON e.id = p.extract_id JOIN post c ON c.id = e.post_id ORDER BY p.number"""
    )
    assert [each["number"] for each in found] == [2, 2, 2, 3, 5, 6, 7, 8]
    assert found[0]["plain"][found[0]["start"] : found[0]["stop"]] == "embaucher des MEDIATEURS NUMERIQUES en CDI"
    assert [bool(each["meeting_id"]) for each in found] == [False] * 4 + [True] * 3 + [False]
    malik = await Member.get(handle="Malik-Diallo")
    assert [each["author_id"] for each in found] == [None, None, None, malik.id, None, None, None, None]
    assert not malik.example


async def test_the_windows_are_open_and_the_vote_is_sealed(client: AsyncClient) -> None:
    await loaded()
    for number in (1, 2, 3):
        text = (await client.get(f"/themes/{number}")).text
        assert "Les contributions ferment dans 30 jours" in text.replace("\xa0", " ")
        assert "Les votes ferment dans 45 jours" in text.replace("\xa0", " ")
    assert 'class="tally"' not in (await client.get("/themes/3/propositions")).text


async def test_the_example_ballots_are_always_the_same_and_only_of_examples(database: Settings) -> None:
    await loaded()
    found = await rows("SELECT b.opinion, m.example FROM ballot b JOIN member m ON m.id = b.voter_id")
    assert len(found) == 165
    assert all(each["example"] for each in found)
    opinions = [each["opinion"] for each in found]
    assert {opinion: opinions.count(opinion) for opinion in ("pour", "abstention", "contre")} == {
        "pour": 108,
        "abstention": 28,
        "contre": 29,
    }


async def test_a_first_run_that_was_cut_short_begins_again(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    await load_themes(ROOT / "themes")
    with monkeypatch.context() as broken:

        async def fails(*_: object) -> None:
            raise RuntimeError("the power went")

        broken.setattr(votes, "vote", fails)
        with pytest.raises(RuntimeError, match="the power went"):
            await load_example(NOON)
    assert not await has_examples()
    assert (await count("post"), await count("proposal")) == (0, 0)
    assert len(await load_example(NOON)) == 4
    assert await Proposal.all().count() == 8
