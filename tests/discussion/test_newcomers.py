"""New members put few links into what they write; nobody else is asked for anything."""

import pytest
from httpx2 import AsyncClient

from forum.models.members import Role
from forum.models.posts import Post
from forum.models.proposals import Proposal
from forum.text.links import count_links
from forum.text.reading import read
from tests.factories import count, make_group, make_member, make_post, make_theme, make_thread, sign_in

MANY = "Voyez https://a.example, https://b.example, [ceci](https://c.example/x?y=1&z=2) et www.d.example."
FEW = "Voyez https://a.example, https://b.example et https://c.example."
REFUSED = "Trop de liens dans ce texte : 4, pour 3 au plus dans les premières contributions"


def plain(page: str) -> str:
    return page.replace("\u202f", " ").replace("\xa0", " ").replace("&#39;", "’")


@pytest.mark.parametrize(
    ("source", "links"),
    [
        (MANY, 4),
        (FEW, 3),
        ("[Le thème](/themes/3), https://forum.example/fils/1 et [plus bas](#fin).", 0),
        ("https://forum.example.evil.example/fils/1 et <mailto:a@b.example>", 2),
        ("`https://a.example` et https:// seul", 0),
        ("![image](https://a.example/x.png)", 1),
    ],
)
def test_links_that_lead_out_of_the_site_are_counted(source: str, links: int) -> None:
    assert count_links(read(source).html, here="https://forum.example") == links


async def test_a_new_member_links_to_few_pages_until_three_contributions_are_shown(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    member, other = await make_member("Nils Nouveau"), await make_thread(await make_theme(4))
    await sign_in(client, member)
    reply, opened = f"/fils/{thread.id}/repondre", "/themes/3/nouveau-fil"
    for form in ({"source": MANY}, {"source": MANY, "acte": "apercu"}):
        answer = await client.post(reply, data=form)
        assert answer.status_code == 422
        assert REFUSED in plain(answer.text)
        assert "https://c.example/x" in answer.text, "what was typed is kept"
    assert (await client.post(opened, data={"titre": "Liens", "source": MANY})).status_code == 422
    assert await count("post") == 0
    assert (await client.post(reply, data={"source": FEW})).status_code == 303
    edit = f"/contributions/{(await Post.get()).id}/modifier"
    assert (await client.post(edit, data={"source": MANY, "version": "1"})).status_code == 422
    for number in range(2):
        await make_post(other, f"Des mots {number}.", author=member)
    assert (await client.post(edit, data={"source": MANY, "version": "1"})).status_code == 303
    assert (await client.post(reply, data={"source": MANY})).status_code == 303
    await Post.filter(author=member).update(state="hidden")
    assert (await client.post(reply, data={"source": MANY})).status_code == 422, "hidden ones do not count"


async def test_the_explanation_of_a_proposal_links_to_few_pages_too(client: AsyncClient) -> None:
    await make_theme(3, votes="later")
    await sign_in(client, await make_member("Nils Nouveau"))
    words = {"formulation": "Prêter des tablettes", "expose_des_motifs": MANY}
    answer = await client.post("/themes/3/proposer", data=words)
    assert answer.status_code == 422
    assert REFUSED in plain(answer.text)
    assert 'id="expose_des_motifs-error"' in answer.text
    kept = await client.post("/themes/3/proposer", data=words | {"acte": "brouillon"})
    assert kept.status_code == 303, "a draft is read by nobody else"
    draft = f"/compte/brouillons/{(await Proposal.get()).id}"
    assert (await client.post(draft, data=words)).status_code == 422
    assert await count("proposal") == 1
    sent = await client.post("/themes/3/proposer", data=words | {"formulation": "Autre", "expose_des_motifs": FEW})
    assert sent.status_code == 303
    made = await Proposal.get(number=1)
    amended = words | {"formulation": "Autre", "version": "1", "motif": "Plus clair."}
    answer = await client.post(f"/propositions/T3-{made.number:03}/modifier", data=amended)
    assert answer.status_code == 422
    assert REFUSED in plain(answer.text)


async def test_who_moderates_or_is_staff_is_never_new(client: AsyncClient) -> None:
    group = await make_group("gt-3")
    thread = await make_thread(await make_theme(3, group=group))
    moderator = await make_member("Prune Première", moderates=[group])
    agent = await make_member("Aude Agent", role=Role.AGENT)
    for member in (moderator, agent):
        await sign_in(client, member)
        assert (await client.post(f"/fils/{thread.id}/repondre", data={"source": MANY})).status_code == 303
