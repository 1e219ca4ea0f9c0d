"""Whom an @ may mean: those of the thread first, nobody whose contributions are not read by everybody."""

import re

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.models.posts import Post, PostState
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import visitor
from tests.factories import make_member, make_post, make_thread, sign_in


async def people(client: AsyncClient, thread: Thread, begun: str) -> list[str]:
    answer = await client.get(f"/fils/{thread.id}/personnes", params={"personne": begun})
    assert answer.status_code == 200
    return re.findall(r'data-handle="([^"]+)"', answer.text)


async def test_those_of_the_thread_come_first(client: AsyncClient, thread: Thread) -> None:
    elsewhere = await make_thread(await Theme.get(id=thread.theme_id), "Un autre fil")
    names = ("Malik Diallo", "Marie Ancienne", "Maud Ailleurs", "Mona Muette", "Mélanie Masquée", "Élodie Martin")
    members = {name: await make_member(name) for name in names}
    await make_post(thread, "Ancienne.", author=members["Marie Ancienne"])
    await make_post(thread, "Récente.", author=members["Malik Diallo"])
    await make_post(elsewhere, "Ailleurs.", author=members["Maud Ailleurs"])
    await make_post(elsewhere, "Ailleurs.", author=members["Élodie Martin"])
    hidden = await make_post(thread, "Masquée.", author=members["Mélanie Masquée"])
    await Post.filter(id=hidden.id).update(state=PostState.HIDDEN)
    await make_post(thread, "Nommée par un texte.", author=await make_member("Max Importé", password_hash=None))
    await sign_in(client, await make_member("Camille Lectrice"))
    assert await people(client, thread, "m") == ["Malik-Diallo", "Marie-Ancienne", "Maud-Ailleurs", "Élodie-Martin"]
    assert await people(client, thread, "") == ["Malik-Diallo", "Marie-Ancienne"]
    assert await people(client, thread, "DIA") == ["Malik-Diallo"]
    for hostile in ("%", "_", "!", "a" * 500, "<b>"):
        assert await people(client, thread, hostile) == []


async def test_only_who_may_write_is_told(app: Starlette, client: AsyncClient, thread: Thread) -> None:
    await make_post(thread, "Oui.", author=await make_member("Malik Diallo"))
    async with visitor(app) as public:
        assert (await public.get(f"/fils/{thread.id}/personnes?personne=m")).status_code == 303
    await sign_in(client, await make_member())
    assert (await client.get("/fils/99/personnes?personne=m")).status_code == 404
    await Thread.filter(id=thread.id).update(locked=True)
    assert (await client.get(f"/fils/{thread.id}/personnes?personne=m")).status_code == 403
