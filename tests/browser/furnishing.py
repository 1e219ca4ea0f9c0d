"""Some of everything on a site, so that its pages have something to show. Done without a browser, through the site's
own forms wherever there is one."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import anyio
from httpx2 import AsyncClient

from forum.domain.jobs import FURTHEST
from forum.text.typography import PARIS
from tests.browser.serving import Site, number_in, sent
from tests.conftest import PATIENCE

THREAD = "/fils/1"
THEME = "/themes/3"

# What a member may write that is hard to lay out: every element, and words too long for a telephone.
RICH = """@Nadia-Berthier voici ce que nous faisons **depuis deux ans** :

### Nos ateliers

- une permanence *hebdomadaire* ;
- des prêts de tablettes, voir https://exemple.org/bibliotheques/inclusion/ateliers-numeriques-2019-2020-complet.html

> Un bloc cité à la main.

| Atelier | Séances | Personnes accueillies | Bibliothécaires mobilisés |
|---|---|---|---|
| Premiers pas | 24 | 310 | 4 |

```
un code que personne ne coupe : xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
```

Anticonstitutionnellementanticonstitutionnellementanticonstitutionnellementanticonstitutionnellement.
"""
ANSWER = """La demande est entendue : elle rejoint ce que les bibliothèques départementales nous disent depuis 2017.

Nous la finançons en partie dès l’an prochain. Le reste dépend des collectivités, qui sont maîtresses de leurs équipes ;
nous leur proposerons un modèle de convention."""
MINUTES = """# Réunion du 12 mars

- Former les agents d’accueil à la médiation numérique
- Ouvrir les formations du CNFPT aux médiateurs
Le groupe se retrouvera en avril."""
INVITED = "adresse;nom\nnora@exemple.fr;Nora Blanc\nNORA@exemple.fr;\npas une adresse;<b>\n"
# An archive is made in an instant, and once a day: one that waits keeps its page visible. Further away than this it
# would be taken for one put off before the clock was set back.
WAITING = """
    INSERT INTO job (name, key, subject, state, tries, fence, run_after, done_steps, total_steps, step, error, trace_id,
                     created_at)
    SELECT 'make_archive', 'archive:' || id, id, 'queued', 0, 0, '{later}', 0, 2, '', '', '',
           '2026-01-01 00:00:00+00:00'
      FROM member WHERE email = '{email}'"""

# Three groups of voters: two are shown, and the smallest with those that nobody is in.
PROFESSIONS = """UPDATE {table} SET profession = CASE {person} % 3 WHEN 0 THEN 'Bibliothécaire' WHEN 1 THEN 'Autre'
                                                                ELSE 'Formateur ou formatrice' END"""

PRESENT = "Bibliothèque départementale de la Moselle\nMédiathèque Verlaine, Metz\nPôle emploi, agence de Metz"


BRANCH = (
    "Nous, depuis deux ans, avec des étudiants qui tiennent l’accueil.",
    "Combien sont-ils, et qui les forme ?",
    "Quatre.\n\n- une journée de formation ;\n- un référent présent chaque soir.",
    "Une journée, c’est court pour l’aide aux démarches.",
    "D’accord : nous renvoyons ces demandes à la journée.",
    "Et qui prend alors les rendez-vous ?",
)


async def furnish(site: Site) -> None:
    """Contributions, a quote, an edit, notifications, a meeting with minutes, votes, proposals in every state, drafts,
    an archive that waits and a list of people to invite."""
    async with site.desk("membre") as member:
        site.places["own"] = await _quote(member, post=3, source=RICH)
        site.places["edited"] = number_in(await sent(member, f"{THREAD}/repondre", source="Une première idée."))
        path = f"/contributions/{site.places['edited']}/modifier"
        words = {"mots": "Une première idée", "nature": "argument contre", "proposition": "T3-002"}
        await sent(member, f"/contributions/{site.places['edited']}/extraire", **words)
        source = "Une toute première idée, mieux dite.\n\n[GT réunion 2] [GT réunion 77]"
        await sent(member, path, source=source, version="1")
        site.places["taken"] = number_in(await sent(member, f"{THREAD}/repondre", source="Des mots écrits trop vite."))
        await sent(member, f"/contributions/{site.places['taken']}/retirer", confirmation="1")
        wording = "Prêter des ordinateurs portables aux habitants qui n’en ont pas"
        await sent(
            member,
            f"{THEME}/proposer",
            formulation=wording,
            expose_des_motifs="Parce que **tout** passe par là.",
            questions="1",
        )
        withdrawn = await sent(member, f"{THEME}/proposer", formulation="Une proposition vite retirée")
        await sent(member, urlsplit(withdrawn).path + "/retirer", confirmation="1")
        for reference, opinion in (("T3-001", "pour"), ("T3-002", "abstention"), ("T3-003", "contre")):
            await sent(member, f"/propositions/{reference}/vote", avis=opinion)
        site.places["tree"] = await _branch(member)
    async with site.desk("modératrice") as moderator:
        own = str(site.places["own"])
        await sent(moderator, f"{THREAD}/repondre", source="Merci @Camille-Aubry, c’est précieux.", en_reponse_a=own)
        site.places["meeting"] = await _hold_meeting(moderator)
        wording = "Prêter des ordinateurs portables à qui n’en a pas"
        near = urlsplit(await sent(moderator, f"{THEME}/proposer", formulation=wording)).path
        site.places["merged"] = near.rpartition("/")[2]
        await sent(moderator, f"{near}/fusionner", destination="T3-009", motif="La même demande, en d’autres mots.")
        await sent(moderator, f"{THEME}/proposer", formulation="Prêter des ordinateurs portables aux habitants")
        await _harvest(moderator)
        site.places["locked"] = await _arrange(moderator)
        site.places["left_thread"], site.places["moved"] = await _move(moderator, int(site.places["locked"]))
        site.places["received"], site.places["received_thread"] = await _receive(moderator)
    await _live(site)
    await _moderate(site)
    await _leave(site)
    async with site.desk("agent") as agent:
        site.places["draft"] = await compile_(agent, "3")
        await site.put(WAITING.format(email=site.passwords["agent"][0], later=datetime.now(UTC) + 1.9 * FURTHEST))
        await sent(agent, "/compte/donnees")
    async with site.desk("administratrice") as administrator:
        site.places["gone_thread"] = await _change_theme(administrator)
        why = "Le même appareil a ouvert trois comptes le même soir."
        await sent(administrator, "/administration/personnes/3/votes", theme="1", motif=why)
        await _correct(administrator)
        report = await sent(administrator, "/administration/invitations/liste", liste=INVITED)
        site.places["batch"] = number_in(report)


async def _branch(member: AsyncClient) -> int:
    """A thread whose answers go six deep, and begin again; returns it."""
    opened = await sent(member, f"{THEME}/nouveau-fil", titre="Ouvrir le soir", source="Qui ouvre après 19 heures ?")
    thread = re.findall(r"/fils/(\d+)", opened)[0]
    page = (await member.get(f"/fils/{thread}")).text
    answered = first = re.findall(r'id="c-(\d+)"', page)[0]
    for words in BRANCH:
        answered = str(number_in(await sent(member, f"/fils/{thread}/repondre", source=words, en_reponse_a=answered)))
    again = "Chez nous, deux soirs par semaine suffisent : le mardi et le jeudi."
    await sent(member, f"/fils/{thread}/repondre", source=again, en_reponse_a=first)
    await sent(member, f"/fils/{thread}/repondre", source="Et le dimanche ?")
    return int(thread)


async def _arrange(moderator: AsyncClient) -> int:
    """A thread that was renamed, pinned and locked."""
    words = {"titre": "Médiatrices", "source": "Ce fil ne reçoit plus de contribution."}
    path = urlsplit(await sent(moderator, f"{THEME}/nouveau-fil", **words)).path
    renamed = {"titre": "Quels métiers pour la médiation numérique ?", "motif": "Un titre qui dit la question."}
    await sent(moderator, f"{path}/renommer", vu="0", **renamed)
    await sent(moderator, f"{path}/epingler", vu="1", motif="La question de la semaine.")
    await sent(moderator, f"{path}/verrouiller", vu="2", motif="Tout est dit, et la suite est dans l’autre fil.")
    return number_in(path)


async def _receive(moderator: AsyncClient) -> tuple[int, int]:
    """Two contributions that were not written on the site; returns the first and their thread."""
    today = datetime.now(PARIS).date().isoformat()
    fields: dict[str, str | list[str]] = {
        "acte": "enregistrer",
        "titre": "Lettres et ateliers",
        "ligne-1": "Ouvrez la bibliothèque le dimanche, s’il vous plaît.",
        "garder-1": "1",
        "nom-1": "Odette Lampadaire",
        "organisation-1": "Amicale des lecteurs de la rue des Tanneurs",
        "date-1": today,
        "origine-1": "courrier",
        "ligne-2": "Un bibliobus pour les hameaux.",
        "garder-2": "1",
        "date-2": today,
        "origine-2": "registre tenu à l’accueil de la mairie",
    }
    first = await sent(moderator, f"{THEME}/contributions-recues", **fields)
    return number_in(first), int(urlsplit(first).path.rpartition("/")[2])


async def _move(moderator: AsyncClient, thread: int) -> tuple[int, int]:
    """Move a contribution of another thread into this one; returns the number of the other one and of the act."""
    words = {"titre": "Deux questions en une", "source": "Une idée qui reste."}
    other = urlsplit(await sent(moderator, f"{THEME}/nouveau-fil", **words)).path
    post = number_in(await sent(moderator, f"{other}/repondre", source="Une idée qui part dans un autre fil."))
    form = {"contributions": str(post), "fil": str(thread), "vu": "0", "motif": "Elle répond à la question."}
    await sent(moderator, f"{other}/deplacer", **form)
    page = (await moderator.get(other)).text
    found = re.search(r"/deplacements/(\d+)/annuler", page)
    assert found
    return number_in(other), int(found[1])


async def _correct(administrator: AsyncClient) -> None:
    """Give the agent another organisation."""
    path = "/administration/personnes/3/nom"
    name = re.search(r'name="nom"[^>]* value="([^"]+)"', (await administrator.get(path)).text)
    assert name
    why = "La personne ne parle pas au nom de cette institution."
    await sent(administrator, path, nom=name[1], organisation="À titre personnel", regle="charter", motif=why)


async def _change_theme(administrator: AsyncClient) -> int:
    """A thread that went to another theme."""
    words = {"titre": "Où trouver les personnes éloignées", "source": "Elles ne viennent pas à la bibliothèque."}
    path = urlsplit(await sent(administrator, f"{THEME}/nouveau-fil", **words)).path
    why = "La question est celle du thème 2, qui demande comment toucher les publics."
    await sent(administrator, f"{path}/changer-de-theme", theme="2", vu="0", motif=why)
    return number_in(path)


async def _moderate(site: Site) -> None:
    """Have contributions notified: one waits, one is hidden, one is hidden and contested."""
    async with site.desk("membre") as member, site.desk("modératrice") as moderator:
        opening = "Ici, on parle de tout."
        thread = number_in(await sent(member, f"{THEME}/nouveau-fil", titre="Un fil qui s’échauffe", source=opening))
        posts = [
            number_in(await sent(member, f"/fils/{thread}/repondre", source=words))
            for words in ("Vous ne comprenez rien à rien, vous et votre service.", f"{RICH}\n\nTaisez-vous.", "Assez !")
        ]
        async with site.desk("agent") as agent:
            for post in posts:
                why = "Une attaque contre une personne, sans rapport avec le thème."
                await sent(agent, f"/contributions/{post}/signaler", regle="charter", explication=why)
        cases = re.findall(r"/moderation/dossiers/(\d+)", (await moderator.get("/moderation")).text)
        decided = [await _hide(moderator, int(case)) for case in cases[1:3]]
        plea = "Je répondais à une provocation, et je ne visais personne."
        await sent(member, f"/moderation/decisions/{decided[1]}/contester", explication=plea)
        site.places.update(notified=posts[0], case=int(cases[0]), decided=decided[0], contested=decided[1])
        await _let_wait(site)
        waiting = re.findall(r"/moderation/dossiers/(\d+)", (await moderator.get("/moderation")).text)
        await _refuse(moderator, int(waiting[-1]))
        site.places.update(pending=1, pending_case=int(waiting[-2]), refused=2)


async def _let_wait(site: Site) -> None:
    """Two contributions of the member that wait to be read, as if they were new here."""
    email = site.passwords["membre"][0]
    for number, words in ((1, RICH), (2, "Achetez mes tablettes !")):
        await site.put(f"""
            INSERT INTO pending_post (theme_id, thread_id, title, source, author_id, state, version, created_at)
            SELECT t.theme_id, t.id, '', '{words.replace("'", "’")}', m.id, 'waiting', 1, '2026-11-20 10:00:00+00:00'
              FROM thread t, member m WHERE t.id = 1 AND m.email = '{email}'""")
        await site.put(f"""
            INSERT INTO moderation_case (thing, thing_id, open_key, working_group_id, opened_at)
            SELECT 'pending', {number}, 'pending:{number}', t.working_group_id, '2026-11-20 10:00:00+00:00'
              FROM theme t WHERE t.number = 3""")


async def _refuse(moderator: AsyncClient, case: int) -> int:
    """Refuse what waits; returns the number of the decision."""
    return await _decide(moderator, case, mesure="turn down", regle="off topic", motif="Une publicité.")


async def _leave(site: Site) -> None:
    """Have contributions notified and left as they are: for one of them, whoever notified contests that."""
    async with site.desk("modératrice") as moderator:
        for who, post, place in (("membre", 3, "left_notice"), ("agent", 4, "contested_notice")):
            async with site.desk(who) as notifier:
                why = "Le ton est blessant, surtout à la fin."
                await sent(notifier, f"/contributions/{post}/signaler", regle="charter", explication=why)
                case = int(re.findall(r"/moderation/dossiers/(\d+)", (await moderator.get("/moderation")).text)[-1])
                await _decide(moderator, case, mesure="no action", motif="Les mots visent une idée, pas une personne.")
                found = re.search(
                    r"/compte/signalements/(\d+)/contester", (await notifier.get("/compte/signalements")).text
                )
                assert found
                site.places[place] = int(found[1])
                if place == "contested_notice":
                    plea = "La dernière phrase nomme quelqu’un, et elle est une insulte."
                    await sent(notifier, f"/compte/signalements/{found[1]}/contester", explication=plea)


async def _hide(moderator: AsyncClient, case: int) -> int:
    """Hide what a case is about; returns the number of the decision."""
    why = "Une attaque contre les personnes d’un service."
    return await _decide(moderator, case, mesure="hide", regle="charter", motif=why)


async def _decide(moderator: AsyncClient, case: int, **form: str) -> int:
    path = f"/moderation/dossiers/{case}"
    mark = re.search(r'name="vu" value="(\w+)"', (await moderator.post(path, data=form | {"acte": "apercu"})).text)
    assert mark
    return number_in(await sent(moderator, path, **form, acte="envoyer", vu=mark[1]))


async def _live(site: Site) -> None:
    """Give proposals a life: one amended twice while it was voted on; one set aside; one withdrawn in favour of
    another; one that is still a draft."""
    async with site.desk("membre") as member, site.desk("modératrice") as moderator:
        words = {
            "formulation": "Former un agent de chaque mairie aux démarches en ligne",
            "expose_des_motifs": "Une journée par an.",
        }
        amended = await _propose(member, **words)
        for voter in (member, moderator):
            await sent(voter, f"/propositions/{amended}/vote", avis="pour")
        corrected = words | {"formulation": "Former deux agents de chaque mairie aux démarches en ligne"}
        wider = corrected | {"expose_des_motifs": "Deux journées par an, prises sur le temps de travail."}
        for number, changed in enumerate((corrected, wider), 1):
            reason = "Un seul agent ne suffit pas : il faut pouvoir le remplacer."
            await sent(member, f"/propositions/{amended}/modifier", **changed, motif=reason, version=str(number))
        certified = "Seuls les motifs changent : la demande reste la même."
        await sent(moderator, f"/propositions/{amended}/versions/3/correction", motif=certified, acte="certifier")
        aside = await _propose(member, formulation="Renommer la salle des fêtes de la commune")
        why = "Elle ne concerne pas la médiation numérique : voyez le thème 1."
        await sent(moderator, f"/propositions/{aside}/ecarter", motif=why)
        left = await _propose(member, formulation="Former les agents des mairies")
        why = "La même demande, plus précise."
        await sent(member, f"/propositions/{left}/retirer", au_profit_de=amended, motif=why, confirmation="1")
        sketch = {
            "formulation": "Ouvrir les bibliothèques le dimanche",
            "expose_des_motifs": "À chiffrer.",
            "acte": "brouillon",
        }
        await sent(member, f"{THEME}/proposer", **sketch)
        found = re.search(r"/compte/brouillons/(\d+)", (await member.get("/compte/brouillons")).text)
        assert found
        site.places.update(amended=amended, aside=aside, left=left, sketch=int(found[1]))


async def _propose(member: AsyncClient, **words: str) -> str:
    """Write a proposal of theme 3; returns its reference."""
    return urlsplit(await sent(member, f"{THEME}/proposer", **words)).path.rpartition("/")[2]


async def close(site: Site) -> None:
    """Close the votes of theme 3, give its voters three professions, compile and publish its synthesis."""
    await site.put(PROFESSIONS.format(table="member", person="id"))
    await site.put(PROFESSIONS.format(table="ballot", person="voter_id"))
    async with site.desk("membre") as member:
        await sent(member, "/propositions/T3-001/vote", avis="pour")
        await sent(
            member, f"{THREAD}/repondre", source="Nous prêtons déjà des tablettes : prêtons aussi des portables."
        )
        await sent(member, f"{THEME}/proposer", formulation="Prêter des ordinateurs portables aux habitants")
    async with site.desk("agent") as agent:
        await sent(agent, f"{THEME}/clore-les-votes", motif="Fin de la consultation.", confirmation="1")
        await _answer(site, agent)
        site.places["published"] = await compile_(agent, "3")
        await sent(agent, f"/syntheses/{site.places['published']}/publier", confirmation="1")
        site.places["ready"] = await compile_(agent, "tout")


async def _answer(site: Site, agent: AsyncClient) -> None:
    """Write four answers, one of them twice; one obligation late, one postponed, one kept."""
    day = datetime.now(PARIS).date()
    reply = {"service": "Service du livre et de la lecture", "decide_le": str(day), "motif": ANSWER}
    owed = {
        "engagement-1": "Ouvrir un appel à projets pour équiper cinquante bibliothèques",
        "echeance-1": str(day),
        "engagement-2": "Publier la liste des formations ouvertes aux bibliothécaires",
        "echeance-2": str(day + timedelta(days=120)),
    }
    path = "/propositions/T3-001"
    await sent(agent, f"{path}/repondre", **reply, decision="etude", vu="0")
    await sent(agent, f"{path}/repondre", **reply, **owed, decision="partiellement", vu="1")
    later = str(day + timedelta(days=200))
    await sent(agent, f"{path}/engagements/2/echeance", echeance=later, motif="Le CNFPT publie son catalogue en juin.")
    await site.put(f"UPDATE obligation SET due_on = '{day - timedelta(days=12)}' WHERE id = 1")
    await sent(agent, "/propositions/T3-009/repondre", **reply, **owed, decision="retenue", vu="0")
    for number in (3, 4):
        done = {"tenu_le": str(day), "realisation": "L’appel à projets est ouvert, la liste est en ligne."}
        await sent(agent, f"/propositions/T3-009/engagements/{number}/tenu", **done)
    await sent(agent, "/propositions/T3-002/repondre", **reply, decision="non retenue", vu="0")
    await sent(agent, "/propositions/T3-003/repondre", **reply, decision="retenue", vu="0")
    await site.put(
        "INSERT INTO treatment (post_id, outcome, revision, reason, treated_at)"
        f" SELECT id, 'no follow-up', 1, 'Une autre contribution le dit déjà.', '{day} 12:00:00'"
        "   FROM post WHERE author_id = (SELECT author_id FROM proposal WHERE wording LIKE 'Prêter%')"
    )


async def compile_(agent: AsyncClient, theme: str) -> int:
    """Ask for a synthesis and wait for it; returns its number."""
    synthesis = number_in(await sent(agent, "/syntheses/demander", theme=theme))
    for _ in range(10 * PATIENCE):
        job = (await agent.get(f"/api/v1/syntheses/{synthesis}")).json()
        if job["state"] == "done":
            return synthesis
        assert job["state"] != "failed", job
        await anyio.sleep(0.1)
    raise AssertionError(f"synthesis {synthesis} is not compiled yet: {job}")


async def _quote(member: AsyncClient, *, post: int, source: str) -> int:
    """Write a reply that quotes a whole contribution; returns its number."""
    answer = await member.get(f"/contributions/{post}/citer")
    marker = parse_qs(urlsplit(str(answer.headers["location"])).query)["citation"][0]
    return number_in(await sent(member, f"{THREAD}/repondre", source=source, en_reponse_a=str(post), citation=marker))


async def _harvest(moderator: AsyncClient) -> None:
    """Keep words of contribution 3 for T3-002, as two types; mark contribution 4 as without follow-up."""
    plain = (await moderator.get("/contributions/3/revisions/1?de=0&a=400")).text
    words = " ".join(unescape(plain.partition('<mark id="passage">')[2].partition("</mark>")[0]).split()[:12])
    for nature in ("argument pour", "connaissance"):
        await sent(moderator, "/contributions/3/extraire", mots=words, nature=nature, proposition="T3-002")
    desk = (await moderator.get("/contributions/4/extraire")).text
    seen = re.search(r'name="vu" value="([^"]*)"', desk)
    assert seen, desk
    await sent(moderator, "/contributions/4/traitement", acte="sans-suite", motif="Déjà dit ailleurs.", vu=seen[1])


async def _hold_meeting(moderator: AsyncClient) -> int:
    """Enter meeting 2 of the group of theme 3 and keep its minutes; returns its number in addresses."""
    page = (await moderator.get("/reunions/nouvelle")).text
    group = re.search(r'name="groupe" value="(\d+)"[^>]*>\s*<span>GT Formation', page)
    assert group, page
    held = {"numero": "2", "date": "2026-03-12", "lieu": "Metz", "presents": PRESENT}
    meeting = number_in(await sent(moderator, "/reunions/nouvelle", groupe=group[1], **held))
    fields = {"theme": "3", "source": MINUTES, "acte": "garder", "garder-3": "1", "garder-4": "1"}
    fields |= {"ligne-3": "Former les agents d’accueil à la médiation numérique"}
    fields |= {"ligne-4": "Ouvrir les formations du CNFPT aux médiateurs"}
    await sent(moderator, f"/reunions/{meeting}/compte-rendu", **fields)
    return meeting
