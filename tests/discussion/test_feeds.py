"""Feeds of new contributions, read as a feed reader reads them."""

from datetime import timedelta
from xml.etree import ElementTree

from httpx2 import AsyncClient

from forum.domain.discussion import feeds
from forum.models.posts import PostState
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON
from tests.factories import make_member, make_post, make_thread

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(text: str) -> list[dict[str, str]]:
    """Each entry as its title, author, address and words."""
    return [
        {
            "title": entry.findtext(f"{ATOM}title", ""),
            "author": entry.findtext(f"{ATOM}author/{ATOM}name", ""),
            "id": entry.findtext(f"{ATOM}id", ""),
            "words": entry.findtext(f"{ATOM}content", ""),
        }
        for entry in ElementTree.fromstring(text).iter(f"{ATOM}entry")
    ]


async def test_a_theme_and_a_thread_can_be_followed_in_a_feed_reader(client: AsyncClient, thread: Thread) -> None:
    theme = await Theme.get(id=thread.theme_id)
    other = await make_thread(theme, "Les <horaires> & l’accueil")
    camille = await make_member("Camille Martin")
    await make_post(thread, "Former les équipes.\n\nPartout.", author=camille)
    last = await make_post(other, "Ouvrir le *dimanche* & <le soir>.\nSans rendez-vous.", author=camille)

    answer = await client.get(f"/themes/{theme.number}/flux.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert entries(answer.text) == [
        {
            "title": "Camille Martin – Les <horaires> & l’accueil",
            "author": "Camille Martin",
            "id": f"http://127.0.0.1:8000/contributions/{last.id}",
            "words": "<p>Ouvrir le dimanche &amp; &lt;le soir&gt;.<br>Sans rendez-vous.</p>",
        },
        {**entries(answer.text)[1], "words": "<p>Former les équipes.</p><p>Partout.</p>"},
    ]
    assert len(entries((await client.get(f"/fils/{thread.id}/flux.atom")).text)) == 1

    again = await client.get(f"/themes/{theme.number}/flux.atom", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for path in (f"/themes/{theme.number}", f"/fils/{thread.id}"):
        assert (
            f'<link rel="alternate" type="application/atom+xml" href="{path}/flux.atom"'
            in (await client.get(path)).text
        )
    assert (await client.get("/themes/99/flux.atom")).status_code == 404
    assert (await client.get("/fils/9999/flux.atom")).status_code == 404


async def test_a_feed_has_the_newest_that_are_shown(client: AsyncClient, thread: Thread) -> None:
    posts = [await make_post(thread, f"Contribution {n}.") for n in range(feeds.MOST_ENTRIES + 2)]
    posts[-1].state = PostState.HIDDEN
    await posts[-1].save()
    posts[-2].edited_at = NOON + timedelta(days=1)
    await posts[-2].save()
    text = (await client.get(f"/fils/{thread.id}/flux.atom")).text
    assert [entry["id"].rpartition("/")[2] for entry in entries(text)] == [str(post.id) for post in posts[-2:0:-1]]
    assert ElementTree.fromstring(text).findtext(f"{ATOM}updated") == "2026-11-24T12:00:00+00:00"


async def test_a_feed_of_an_empty_thread_is_a_feed(client: AsyncClient, thread: Thread) -> None:
    empty = await make_thread(await Theme.get(id=thread.theme_id), "Rien encore")
    text = (await client.get(f"/fils/{empty.id}/flux.atom")).text
    assert entries(text) == []
    assert ElementTree.fromstring(text).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"


async def test_the_words_of_a_feed_turn_nothing_but_themselves(client: AsyncClient, thread: Thread) -> None:
    await Thread.filter(id=thread.id).update(title="Un \u202etitre")
    writer = await make_member("Zoé \u202eMartin")
    await make_post(
        thread, "Des mots \u202erenversés.\n\n\u05d0 puis \u2067 ouvert.\n\nDes mots simples.", author=writer
    )
    text = (await client.get(f"/fils/{thread.id}/flux.atom")).text
    assert "\u202e" not in text
    (entry,) = entries(text)
    assert entry["title"] == "\u2068Zoé Martin\u2069 – \u2068Un titre\u2069"
    assert entry["author"] == "\u2068Zoé Martin\u2069"
    assert entry["words"] == (
        "<p><bdi>Des mots renversés.</bdi></p><p><bdi>\u05d0 puis  ouvert.</bdi></p><p>Des mots simples.</p>"
    )
    assert ElementTree.fromstring(text).findtext(f"{ATOM}title", "").startswith("\u2068Un titre\u2069 – ")
