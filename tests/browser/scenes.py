"""Every page as somebody sees it: who looks, where, and what they did there. The audit opens each one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from playwright.async_api import Page, Route

from forum.text.typography import PARIS

Steps = Callable[[Page], Awaitable[None]]

# The words of a contribution of the example that are its first proposal.
PROPOSED = "embaucher+des+MEDIATEURS+NUMERIQUES+en+CDI"
LONG = "Un très long libellé qui n’en finit pas. " * 10


@dataclass(frozen=True, slots=True)
class Scene:
    """One page; `path` may name a place of the site in braces."""

    name: str
    who: str
    path: str
    steps: Steps | None = None
    status: int = 200


async def _refused(page: Page, **typed: str) -> None:
    """Fill in what is given, send all the same, and see the form again with its reasons."""
    await page.evaluate("for (const form of document.forms) form.noValidate = true")
    for field, value in typed.items():
        await page.fill(f"#{field}", value)
    async with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        await page.locator("main form .primary").first.click()
    assert (await answer.value).status == 422
    await page.locator(".error-summary").wait_for()


async def _wrong_password(page: Page) -> None:
    await _refused(page, identifiant="personne", mot_de_passe="ce n’est pas le bon")


async def _short_password(page: Page) -> None:
    await _refused(page, mot_de_passe_actuel="ce n’est pas le bon", nouveau_mot_de_passe="court")


async def _wrong_code(page: Page) -> None:
    await _refused(page, code="000000", mot_de_passe_actuel="ce n’est pas le bon")


async def _a_reserved_name(page: Page) -> None:
    await _refused(page, nom="administrateur")


async def _asked_for_an_account(page: Page) -> None:
    """The page that tells people to check their mail; with a new address each time, since only three mails an hour are
    sent to one."""
    address = f"jeanne.{token_hex(4)}@exemple.fr"
    await page.fill("#nom", "Jeanne Le Goff")
    await page.fill("#adresse", address)
    await page.fill("#mot_de_passe", "une phrase tout à fait sûre")
    await page.check("#charte")
    await page.locator("main form .primary").click()
    await page.locator("main .lead", has_text=address).wait_for()


async def _not_an_address(page: Page) -> None:
    await _refused(page, nouvelle_adresse="pas une adresse")


async def _too_long_a_proposal(page: Page) -> None:
    await _refused(page, formulation=LONG)


async def _near(page: Page) -> None:
    """The similar proposals that appear by themselves while somebody types."""
    await page.fill("#formulation", "Prêter des ordinateurs portables")
    await page.locator("#proches .listing").wait_for()


async def _open_search(page: Page) -> None:
    """The box of the masthead, over the page."""
    await page.locator(".search-box summary").click()
    await page.locator("#chercher").wait_for()


async def _empty_thread(page: Page) -> None:
    await _refused(page)


async def _empty_reply(page: Page) -> None:
    await _refused(page, source="")


async def _preview(page: Page) -> None:
    await page.fill("#source", "Une liste :\n\n- un\n- deux\n\n> et une citation")
    await page.locator("[name=acte][value=apercu]").click()
    await page.locator(".preview").wait_for()


async def _preview_that_tells(page: Page) -> None:
    """A preview with every sentence on who is notified, and meetings that nobody entered."""
    if await page.locator("#titre").count():
        await page.fill("#titre", "Un fil à relire avant de l’ouvrir")
    called = f"@Camille-Aubry et @Nadia-Berthier, @Malik-Diallo, @Personne et @{'Personne' * 7}"
    await page.fill("#source", f"[GT réunion 2] [GT réunion 8] [GT réunion 9] {called} : **voyez**.")
    await page.locator("[name=acte][value=apercu]").click()
    await page.locator("#prevenus").wait_for()


async def _edit_in_two_windows(page: Page) -> None:
    """An edit of words that another window changed meanwhile (409): both texts are shown, the typed one is kept."""
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.fill("#source", f"Ce que l’autre fenêtre a écrit, {page.url}.\n\n[GT réunion 2]")
    await other.locator("main form .primary").click()
    await other.wait_for_url("**/fils/1*")
    await other.close()
    await page.fill("#source", "Ce que cette fenêtre voudrait écrire.")
    await page.locator("main form .primary").click()
    await page.locator("#autre").wait_for()


async def _preview_after_two_windows(page: Page) -> None:
    await _edit_in_two_windows(page)
    await page.locator("[name=acte][value=apercu]").click()
    await page.locator(".preview").wait_for()
    await page.locator("#autre").wait_for()


async def _proposed_already(page: Page) -> None:
    """The refusal of words that are already a proposal, with a link to it."""
    await _refused(page, formulation="D’autres mots pour la même proposition")
    await page.get_by_role("link", name="T3-001", exact=False).last.wait_for()


async def _words_that_are_not_there(page: Page) -> None:
    await _refused(page, mots="des mots que personne n’a écrits")


async def _no_words(page: Page) -> None:
    """An attempt to keep words that are not in the post: the form again, with what was typed."""
    await page.fill("#mots", "des mots que personne n’a écrits")
    async with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        await page.locator("button[name=nature][value=solution]").click()
    assert (await answer.value).status == 422
    await page.locator(".error-summary").wait_for()


async def _open_change(page: Page) -> None:
    await page.locator("details.tagging summary").first.click()


async def _open_filters(page: Page) -> None:
    await page.locator("main details summary").click()


async def _open_tagging(page: Page) -> None:
    await page.locator("details.tagging summary").nth(3).click()


async def _open_part_of_quote(page: Page) -> None:
    await page.locator("main details summary").click()


async def _no_meeting(page: Page) -> None:
    await _refused(page, numero="0")


async def _empty_minutes(page: Page) -> None:
    await _refused(page)


async def _rows(page: Page) -> None:
    await page.fill("#source", f"# Ordre du jour\n\n- Former les agents\n- {LONG}\n- Ouvrir le samedi")
    await page.locator("main form .primary").click()
    await page.locator("#lignes").wait_for()


async def _letters(page: Page, day: str = "") -> None:
    """A table of letters, one of which was entered already."""
    day = day or datetime.now(PARIS).date().isoformat()
    same = "Ouvrez la bibliothèque le dimanche, s’il vous plaît."
    sheet = f"texte;nom;date;origine;remarque\n{same};Odette Lampadaire;{day};courrier;x\n{LONG};;{day};{LONG[:55]};y\n"
    await page.fill("#titre", "D’autres lettres")
    await page.check("[name=decoupe][value=table]")
    await page.fill("#source", sheet)
    await page.locator("main form .primary").click()
    await page.locator("#lignes").wait_for()


async def _letters_refused(page: Page) -> None:
    await _letters(page, "31/11/2026")


async def _text_for_who_waits(page: Page) -> None:
    await page.check("[name=mesure][value='turn down']")
    await page.select_option("#regle", "off topic")
    await page.fill("#motif", "Une publicité, sans rapport avec le thème.")
    await page.locator("main form .primary").click()
    await page.locator("#apercu").wait_for()


async def _no_source(page: Page) -> None:
    await _refused(page, source="")


async def _no_day(page: Page) -> None:
    await _refused(page, date="", origine="")


async def _rows_near(page: Page) -> None:
    """Lines of minutes beside the proposals that say the same, or nearly."""
    said = "- Recruter des médiateurs numériques en CDI\n- Garantir un cadre d’emploi aux médiateurs numériques"
    await page.fill("#source", f"{said}\n- Embaucher des MEDIATEURS NUMERIQUES en CDI\n- Ouvrir le samedi")
    await page.locator("main form .primary").click()
    await page.locator(".suggestions").first.wait_for()


async def _amend_in_two_windows(page: Page) -> None:
    """A proposal amended in another window meanwhile (409)."""
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.fill("#expose_des_motifs", f"Deux journées par an, et un guide {token_hex(4)}.")
    await other.fill("#motif", "Un guide aussi.")
    await other.locator("main form .primary").click()
    await other.wait_for_url("**/propositions/*fait=*")
    await other.close()
    await page.fill("#expose_des_motifs", "Deux journées par an, sans guide.")
    await page.fill("#motif", "Sans guide.")
    await page.locator("main form .primary").click()
    await page.locator("#autre").wait_for()


async def _meeting_in_two_windows(page: Page) -> None:
    """A meeting corrected in another window meanwhile (409)."""
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.fill("#lieu", f"Salle {token_hex(4)}")
    await other.locator("main form .primary").click()
    await other.wait_for_url("**/reunions/*fait=*")
    await other.close()
    await page.fill("#lieu", "Nancy, médiathèque Manufacture")
    await page.locator("main form .primary").click()
    await page.locator("#autre").wait_for()


async def _text_for_the_author(page: Page) -> None:
    await page.locator("[name=mesure][value=hide]").check()
    await page.select_option("#regle", "charter")
    await page.fill("#motif", "Une attaque contre les personnes d’un service.")
    await page.locator("button[value=apercu]").click()
    await page.locator("#apercu").wait_for()


async def _words_without_a_passage(page: Page) -> None:
    """The preview of a passage that is taken out for good: the last word of what is decided about."""
    said = await page.locator("#mots ~ blockquote").first.inner_text()
    await page.locator("input[name=mesure][value=redact]").check()
    await page.fill("#passage", said.split()[-1])
    await page.fill("#motif", "Le numéro de téléphone d’une autre personne.")
    await page.locator("button[value=apercu]").click()
    await page.locator("#apercu strong").wait_for()


async def _no_tick(page: Page) -> None:
    await _refused(page)


async def _rows_refused(page: Page) -> None:
    await _rows(page)
    await page.locator("main form .primary").click()
    await page.locator(".error-summary").wait_for()


async def _calendar_when_clocks_change(page: Page) -> None:
    await _refused(page, ouverture_des_votes="2030-03-31T02:30", cloture_des_votes="2030-10-27T02:30")


async def _no_reason(page: Page) -> None:
    await _refused(page, motif="")


async def _no_explanation(page: Page) -> None:
    await _refused(page, explication="")


async def _no_such_theme(page: Page) -> None:
    await page.evaluate("document.querySelector('[name=theme]').value = '99'")
    await _refused(page)


async def _no_such_proposal(page: Page) -> None:
    await page.evaluate("document.querySelector('[name=proposition]').firstElementChild.value = 'T9-999'")
    await page.locator("main form").first.locator("button").click()
    await page.locator(".error-summary").wait_for()


async def _text_in_two_windows(page: Page) -> None:
    """A block written in another window meanwhile (409)."""
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.fill("#source", f"Cette consultation part de **deux constats** partagés ({token_hex(4)}).")
    await other.locator("main form .primary").click()
    await other.wait_for_url("**/textes?fait=*")
    await other.close()
    await page.fill("#source", "Cette consultation part d’un constat que tous partagent.")
    await page.locator("main form .primary").click()
    await page.locator("#autre").wait_for()


async def _under_way(page: Page) -> None:
    """A compilation that, for this page, never ends."""

    async def still_running(route: Route) -> None:
        await route.fulfill(json={"state": "running", "done": 3, "total": 7, "step": "odt", "label": "ODT (3/7)"})

    await page.route("**/api/v1/syntheses/*", still_running)
    await page.locator("[name=theme][value='1']").check()
    await page.locator("main form .primary").click()
    await page.locator("progress").wait_for()


async def _archive_under_way(page: Page) -> None:
    """The archive that waits (see `furnishing.py`), for this page half done."""

    async def still_running(route: Route) -> None:
        await route.fulfill(json={"state": "running", "done": 1, "total": 2, "step": "ZIP", "label": "ZIP, 1/2"})

    await page.route("**/api/v1/compte/archive", still_running)
    await page.reload()
    await page.locator("progress[value='1']").wait_for()


async def _no_word(page: Page) -> None:
    await _refused(page, confirmation="oui", mot_de_passe_actuel="ce n’est pas le bon")


async def _unknown_address(page: Page) -> None:
    await page.locator("main details:has(form) summary").click()
    await page.fill("#adresse", "personne@exemple.fr")
    await page.locator("main form[method=post] .primary").click()
    await page.locator(".error-summary").wait_for()


async def _wrong_own_password(page: Page) -> None:
    await _refused(page, mot_de_passe_actuel="ce n’est pas le bon")


async def _no_end(page: Page) -> None:
    await _refused(page, motif="Des insultes, malgré deux rappels.")


async def _no_address(page: Page) -> None:
    await _refused(page, adresse="pas une adresse", nom="Ministre")


async def _report(page: Page) -> None:
    """An open list of invitations, with lines to send and lines not to."""
    await page.fill("#liste", "adresse;nom\nnora@exemple.fr;Nora Blanc\nNORA@exemple.fr;\npas une adresse;<b>\n")
    await page.locator("main form .primary").click()
    await page.locator("#aside").wait_for()
    await page.locator("main details summary").click()


STAFF = {"modératrice", "agent", "administratrice"}
OPEN = [
    Scene("home", "visiteur", "/"),
    Scene("theme", "visiteur", "/themes/3"),
    Scene("theme without anything", "visiteur", "/themes/1"),
    Scene("proposals", "visiteur", "/themes/3/propositions"),
    Scene("no proposal", "visiteur", "/themes/1/propositions"),
    Scene("thread", "visiteur", "/fils/1"),
    Scene("thread by replies", "visiteur", "/fils/{tree}?vue=reponses"),
    Scene("thread to print", "visiteur", "/fils/{tree}/imprimer"),
    Scene("theme by meeting", "visiteur", "/themes/3?reunion=1"),
    Scene("thread by meeting", "visiteur", "/fils/1?reunion=1"),
    Scene("proposals by meeting", "visiteur", "/themes/3/propositions?reunion=2"),
    Scene("proposal", "visiteur", "/propositions/T3-001"),
    Scene("to read", "membre", "/a-lire"),
    Scene("search", "visiteur", "/recherche"),
    Scene("box of the search", "visiteur", "/", _open_search),
    Scene("found", "visiteur", "/recherche?mots=numerique&quoi=contributions"),
    Scene("nothing found", "membre", "/recherche?mots=introuvable&theme=3&personne=Personne"),
    Scene("followed", "membre", "/compte/suivis"),
    Scene("link that ends no mails (410)", "visiteur", "/courriels/arreter?jeton=x", status=410),
    Scene("history", "visiteur", "/contributions/{edited}/historique"),
    Scene("words of a version", "visiteur", "/contributions/{own}/revisions/1"),
    Scene("exact words", "visiteur", "/contributions/3/revisions/1?de=20&a=120"),
    Scene("meetings", "visiteur", "/reunions"),
    Scene("meeting", "visiteur", "/reunions/{meeting}"),
    Scene("no synthesis", "visiteur", "/syntheses"),
    Scene("sign in", "visiteur", "/connexion"),
    Scene("sign in refused", "visiteur", "/connexion", _wrong_password),
    Scene("sign up", "visiteur", "/inscription"),
    Scene("sign up refused (422)", "visiteur", "/inscription", _a_reserved_name),
    Scene("look at your mail", "visiteur", "/inscription", _asked_for_an_account),
    Scene("link that opens nothing (410)", "visiteur", "/inscription/confirmer?jeton=x", status=410),
    Scene("lost password", "visiteur", "/mot-de-passe-oublie"),
    Scene("help", "visiteur", "/aide"),
    Scene("rights", "visiteur", "/aide/droits"),
    Scene("verify", "visiteur", "/aide/verifier"),
    Scene("legal notice", "visiteur", "/mentions-legales"),
    Scene("personal data", "visiteur", "/donnees-personnelles"),
    Scene("charter", "visiteur", "/charte"),
    Scene("accessibility", "visiteur", "/accessibilite"),
    Scene("cookies", "visiteur", "/cookies"),
    Scene("nothing there (404)", "visiteur", "/nulle-part", status=404),
    Scene("thread", "membre", "/fils/1"),
    Scene("theme", "membre", "/themes/3"),
    Scene("voting booth", "membre", "/themes/3/propositions"),
    Scene("own proposal", "membre", "/propositions/T3-009"),
    Scene("withdrawn proposal", "membre", "/propositions/T3-010"),
    Scene("amended proposal", "visiteur", "/propositions/{amended}"),
    Scene("amended proposal", "modératrice", "/propositions/{amended}"),
    Scene("versions", "visiteur", "/propositions/{amended}/versions"),
    Scene("versions", "modératrice", "/propositions/{amended}/versions"),
    Scene("version that was replaced", "visiteur", "/propositions/{amended}/versions/1"),
    Scene("certify a correction", "modératrice", "/propositions/{amended}/versions/2/correction"),
    Scene("certify refused (422)", "modératrice", "/propositions/{amended}/versions/2/correction", _refused),
    Scene("certified correction", "modératrice", "/propositions/{amended}/versions/3/correction"),
    Scene("amend", "membre", "/propositions/{amended}/modifier"),
    Scene("amend refused (422)", "membre", "/propositions/{amended}/modifier", _too_long_a_proposal),
    Scene("amend in two windows (409)", "membre", "/propositions/{amended}/modifier", _amend_in_two_windows),
    Scene("withdraw one's words", "membre", "/contributions/{edited}/retirer"),
    Scene("withdraw one's words refused (422)", "membre", "/contributions/{edited}/retirer", _refused),
    Scene("withdrawn words", "membre", "/contributions/{taken}/retirer"),
    Scene("history of withdrawn words", "visiteur", "/contributions/{taken}/historique"),
    Scene("withdrawn words of a version", "visiteur", "/contributions/{taken}/revisions/1"),
    Scene("withdraw", "membre", "/propositions/{amended}/retirer"),
    Scene("withdraw refused (422)", "membre", "/propositions/{amended}/retirer", _refused),
    Scene("withdrawn already", "membre", "/propositions/{left}/retirer"),
    Scene("withdrawn in favour of another", "visiteur", "/propositions/{left}"),
    Scene("proposal set aside", "visiteur", "/propositions/{aside}"),
    Scene("locked thread", "visiteur", "/fils/{locked}"),
    Scene("locked thread", "modératrice", "/fils/{locked}"),
    Scene("thread that a contribution left", "visiteur", "/fils/{left_thread}"),
    Scene("thread that a contribution left", "modératrice", "/fils/{left_thread}"),
    Scene("move contributions", "modératrice", "/fils/1/deplacer"),
    Scene("move refused (422)", "modératrice", "/fils/1/deplacer?numeros=999&titre=Un+fil", status=422),
    Scene("what a move will do", "modératrice", "/fils/1/deplacer?numeros=2-4&titre=Un+nouveau+fil"),
    Scene("move without a reason (422)", "modératrice", "/fils/1/deplacer?numeros=2-4&fil={locked}", _no_reason),
    Scene("join two threads", "modératrice", "/fils/1/reunir"),
    Scene("what joining will do", "modératrice", "/fils/{left_thread}/reunir?fil={locked}"),
    Scene("change the theme of a thread", "administratrice", "/fils/{locked}/changer-de-theme"),
    Scene("what another theme changes", "administratrice", "/fils/{locked}/changer-de-theme?theme=2"),
    Scene("theme refused (422)", "administratrice", "/fils/{locked}/changer-de-theme?theme=99", status=422),
    Scene("move contributions to any theme", "administratrice", "/fils/1/deplacer"),
    Scene("what moving to another theme will do", "administratrice", "/fils/1/deplacer?numeros=3&titre=Un+fil&theme=2"),
    Scene("thread that changed theme", "administratrice", "/fils/{gone_thread}"),
    Scene("theme that a thread left", "visiteur", "/themes/3"),
    Scene("undo a move", "modératrice", "/fils/{left_thread}/deplacements/{moved}/annuler"),
    Scene("rename a thread", "modératrice", "/fils/1/renommer"),
    Scene("rename refused (422)", "modératrice", "/fils/1/renommer", _no_reason),
    Scene("lock a thread", "modératrice", "/fils/1/verrouiller"),
    Scene("unlock a thread", "modératrice", "/fils/{locked}/deverrouiller"),
    Scene("pin a thread", "modératrice", "/fils/1/epingler"),
    Scene("unpin a thread", "modératrice", "/fils/{locked}/desepingler"),
    Scene("set aside", "modératrice", "/propositions/{amended}/ecarter"),
    Scene("set aside refused (422)", "modératrice", "/propositions/{amended}/ecarter", _refused),
    Scene("set aside already", "modératrice", "/propositions/{aside}/ecarter"),
    Scene("notice", "visiteur", "/contributions/{notified}/signaler"),
    Scene("notice refused (422)", "visiteur", "/contributions/{notified}/signaler", _refused),
    Scene("notice of a proposal", "membre", "/propositions/{amended}/signaler"),
    Scene("notice of minutes", "visiteur", "/reunions/{meeting}/compte-rendu/signaler"),
    Scene("notice, to a moderator", "modératrice", "/contributions/{notified}/signaler"),
    Scene("no notice", "membre", "/compte/signalements"),
    Scene("dead link of a notice (410)", "visiteur", "/moderation/signalements/confirmer?jeton=x", status=410),
    Scene("dead link to contest (410)", "visiteur", "/moderation/signalements/contester?jeton=x", status=410),
    Scene("dead link to an outcome (410)", "visiteur", "/moderation/signalements/suivi?jeton=x", status=410),
    Scene("cases", "modératrice", "/moderation", _open_filters),
    Scene("no case", "modératrice", "/moderation?regle=duplicate"),
    Scene("case", "modératrice", "/moderation/dossiers/{case}"),
    Scene("case refused (422)", "modératrice", "/moderation/dossiers/{case}", _refused),
    Scene("text for the author", "modératrice", "/moderation/dossiers/{case}", _text_for_the_author),
    Scene("words without a passage", "modératrice", "/moderation/dossiers/{case}", _words_without_a_passage),
    Scene("case of what waits", "modératrice", "/moderation/dossiers/{pending_case}"),
    Scene("text for who waits", "modératrice", "/moderation/dossiers/{pending_case}", _text_for_who_waits),
    Scene("contribution that waits", "membre", "/contributions/en-attente/{pending}"),
    Scene("contribution that waits refused (422)", "membre", "/contributions/en-attente/{pending}", _no_source),
    Scene("contribution that was refused", "membre", "/contributions/en-attente/{refused}"),
    Scene("decision", "membre", "/moderation/decisions/{decided}"),
    Scene("decision", "modératrice", "/moderation/decisions/{decided}"),
    Scene("contested decision", "membre", "/moderation/decisions/{contested}"),
    Scene("contest what became of a notice", "membre", "/compte/signalements/{left_notice}/contester"),
    Scene("contest refused (422)", "membre", "/compte/signalements/{left_notice}/contester", _no_explanation),
    Scene("contested by who notified", "agent", "/compte/signalements"),
    Scene("answer to who notified", "administratrice", "/moderation/signalements/{contested_notice}/reclamation"),
    Scene("signals of mobilisation", "modératrice", "/moderation/signaux"),
    Scene("contested decision", "administratrice", "/moderation/decisions/{contested}"),
    Scene("contest", "membre", "/moderation/decisions/{decided}/contester"),
    Scene("contest refused (422)", "membre", "/moderation/decisions/{decided}/contester", _refused),
    Scene("answer to a complaint", "administratrice", "/moderation/decisions/{contested}/reclamation"),
    Scene("answer refused (422)", "administratrice", "/moderation/decisions/{contested}/reclamation", _refused),
    Scene("figures of moderation", "visiteur", "/moderation/bilan"),
    Scene("take back", "modératrice", "/propositions/{aside}/reprendre"),
    Scene("take back refused (422)", "modératrice", "/propositions/{aside}/reprendre", _refused),
    Scene("drafts", "membre", "/compte/brouillons"),
    Scene("no draft", "agent", "/compte/brouillons"),
    Scene("draft", "membre", "/compte/brouillons/{sketch}"),
    Scene("draft refused (422)", "membre", "/compte/brouillons/{sketch}", _too_long_a_proposal),
    Scene("new proposal", "membre", "/themes/3/proposer?question=2"),
    Scene("new proposal refused (422)", "membre", "/themes/3/proposer", _too_long_a_proposal),
    Scene("new thread", "membre", "/themes/3/nouveau-fil"),
    Scene("new thread refused (422)", "membre", "/themes/3/nouveau-fil", _empty_thread),
    Scene("reply", "membre", "/fils/1/repondre?en_reponse_a=2"),
    Scene("reply with a quote", "membre", "/contributions/3/citer", _open_part_of_quote),
    Scene("reply refused (422)", "membre", "/fils/1/repondre", _empty_reply),
    Scene("preview", "membre", "/contributions/3/citer", _preview),
    Scene("preview of a mention", "modératrice", "/contributions/3/citer", _preview_that_tells),
    Scene("preview of a thread", "modératrice", "/themes/3/nouveau-fil", _preview_that_tells),
    Scene("preview of an edit", "membre", "/contributions/{own}/modifier", _preview_that_tells),
    Scene("edit", "membre", "/contributions/{own}/modifier"),
    Scene("edit in two windows (409)", "membre", "/contributions/{edited}/modifier", _edit_in_two_windows),
    Scene("preview after two windows", "membre", "/contributions/{edited}/modifier", _preview_after_two_windows),
    Scene("notifications", "membre", "/notifications"),
    Scene("security", "membre", "/compte/securite"),
    Scene("new password", "membre", "/compte/securite/mot-de-passe"),
    Scene("new password refused (422)", "membre", "/compte/securite/mot-de-passe", _short_password),
    Scene("second factor", "membre", "/compte/securite/double-authentification"),
    Scene("second factor refused (422)", "membre", "/compte/securite/double-authentification", _wrong_code),
    Scene("account", "membre", "/compte"),
    Scene("corrected account", "agent", "/compte"),
    Scene("notification of a correction", "agent", "/notifications"),
    Scene("account refused (422)", "membre", "/compte", _a_reserved_name),
    Scene("change of address", "membre", "/compte/adresse"),
    Scene("change of address refused (422)", "membre", "/compte/adresse", _not_an_address),
    Scene("own contributions", "membre", "/compte/contributions"),
    Scene("no contribution", "agent", "/compte/contributions"),
    Scene("follow-up not begun", "visiteur", "/themes/3/suites"),
    Scene("own data", "membre", "/compte/donnees"),
    Scene("own data being made", "agent", "/compte/donnees", _archive_under_way),
    Scene("erase one's account", "membre", "/compte/effacer"),
    Scene("erasure refused (422)", "membre", "/compte/effacer", _no_word),
    Scene("refused (403)", "membre", "/themes/3/calendrier", status=403),
    Scene("thread", "modératrice", "/fils/1", _open_tagging),
    Scene("no notification", "agent", "/notifications"),
    Scene("proposal of a contribution", "modératrice", "/contributions/2/proposer?mots=embaucher+des+MEDIATEURS"),
    Scene("proposal refused (422)", "modératrice", "/contributions/2/proposer", _words_that_are_not_there),
    Scene("proposed already (422)", "modératrice", f"/contributions/2/proposer?mots={PROPOSED}", _proposed_already),
    Scene("merged proposal", "visiteur", "/propositions/{merged}/origine"),
    Scene("proposal that stands for another", "modératrice", "/propositions/T3-009?de={merged}"),
    Scene("near proposals", "visiteur", "/themes/3/proches?mots=Prêter+des+ordinateurs+portables"),
    Scene("near proposals while proposing", "membre", "/themes/3/proposer", _near),
    Scene("merge", "modératrice", "/propositions/T3-009/fusionner"),
    Scene("merge refused (422)", "modératrice", "/propositions/T3-009/fusionner?destination=T3-001", _refused),
    Scene("undo a merge", "modératrice", "/propositions/{merged}/defusionner"),
    Scene("near pairs", "modératrice", "/themes/3/doublons"),
    Scene("to treat", "modératrice", "/a-traiter", _open_filters),
    Scene("to treat of a theme", "modératrice", "/a-traiter?theme=3"),
    Scene("desk", "modératrice", "/contributions/2/extraire", _open_change),
    Scene("desk of a treated contribution", "modératrice", "/contributions/4/extraire"),
    Scene("desk of an edited contribution", "modératrice", "/contributions/{edited}/extraire"),
    Scene("desk refused (422)", "modératrice", "/contributions/3/extraire", _no_words),
    Scene("desk of one's own", "membre", "/contributions/{own}/extraire"),
    Scene("proposal with arguments", "visiteur", "/propositions/T3-002"),
    Scene("new meeting", "modératrice", "/reunions/nouvelle"),
    Scene("new meeting refused (422)", "modératrice", "/reunions/nouvelle", _no_meeting),
    Scene("meeting", "modératrice", "/reunions/{meeting}"),
    Scene("minutes", "modératrice", "/reunions/{meeting}/compte-rendu"),
    Scene("minutes refused (422)", "modératrice", "/reunions/{meeting}/compte-rendu", _empty_minutes),
    Scene("lines of minutes", "modératrice", "/reunions/{meeting}/compte-rendu", _rows),
    Scene("lines of minutes refused (422)", "modératrice", "/reunions/{meeting}/compte-rendu", _rows_refused),
    Scene("lines near to proposals", "modératrice", "/reunions/{meeting}/compte-rendu", _rows_near),
    Scene("received contributions", "modératrice", "/themes/3/contributions-recues"),
    Scene("received contributions refused (422)", "modératrice", "/themes/3/contributions-recues", _refused),
    Scene("received contributions shown", "modératrice", "/themes/3/contributions-recues", _letters),
    Scene("received contributions shown (422)", "modératrice", "/themes/3/contributions-recues", _letters_refused),
    Scene("thread of received contributions", "visiteur", "/fils/{received_thread}"),
    Scene("correct what was received", "modératrice", "/contributions/{received}/corriger-la-saisie"),
    Scene("correct what was received (422)", "modératrice", "/contributions/{received}/corriger-la-saisie", _no_day),
    Scene("erase a received name", "modératrice", "/contributions/{received}/effacer-le-nom"),
    Scene("erase a name refused (422)", "modératrice", "/contributions/{received}/effacer-le-nom", _refused),
    Scene("meetings", "modératrice", "/reunions"),
    Scene("meeting corrected", "modératrice", "/reunions/{meeting}/modifier"),
    Scene("meeting in two windows (409)", "modératrice", "/reunions/{meeting}/modifier", _meeting_in_two_windows),
    Scene("tags that wait", "modératrice", "/reunions/a-confirmer"),
    Scene("tags that wait refused (422)", "modératrice", "/reunions/a-confirmer", _no_tick),
    Scene("selection", "modératrice", "/themes/3/etiqueter"),
    Scene("selection refused (422)", "modératrice", "/themes/3/etiqueter?voir=sans", _no_tick),
    Scene("proposals", "agent", "/themes/3/propositions"),
    Scene("schedule", "agent", "/themes/3/calendrier"),
    Scene("schedule refused (422)", "agent", "/themes/3/calendrier", _calendar_when_clocks_change),
    Scene("syntheses", "agent", "/syntheses"),
    Scene("synthesis refused (422)", "agent", "/syntheses", _no_such_theme),
    Scene("working draft", "agent", "/syntheses/{draft}"),
    Scene("texts of a synthesis", "agent", "/syntheses/{draft}/textes"),
    Scene("no such proposal (422)", "agent", "/syntheses/{draft}/textes", _no_such_proposal),
    Scene("text of a synthesis", "agent", "/syntheses/{draft}/textes/essentiel"),
    Scene("text in two windows (409)", "agent", "/syntheses/{draft}/textes/introduction", _text_in_two_windows),
    Scene("versions of a text", "agent", "/syntheses/{draft}/textes/introduction/versions"),
    Scene("administration", "administratrice", "/administration"),
    Scene("state of the site", "administratrice", "/administration/etat"),
    Scene("people", "administratrice", "/administration/personnes?role=agent"),
    Scene("unknown address (422)", "administratrice", "/administration/personnes", _unknown_address),
    Scene("person", "administratrice", "/administration/personnes/3"),
    Scene("rights of a person", "administratrice", "/administration/personnes/3/droits"),
    Scene("rights refused (422)", "administratrice", "/administration/personnes/3/droits", _wrong_own_password),
    Scene("exclude votes", "administratrice", "/administration/personnes/3/votes"),
    Scene("count votes again", "administratrice", "/administration/personnes/3/votes/1/compter"),
    Scene("exclude votes refused (422)", "administratrice", "/administration/personnes/3/votes", _no_reason),
    Scene("name corrected", "administratrice", "/administration/personnes/3/nom"),
    Scene("name refused (422)", "administratrice", "/administration/personnes/3/nom", _a_reserved_name),
    Scene("suspension", "administratrice", "/administration/personnes/3/suspension"),
    Scene("suspension refused (422)", "administratrice", "/administration/personnes/3/suspension", _no_end),
    Scene("invitations", "administratrice", "/administration/invitations"),
    Scene("new invitation", "administratrice", "/administration/invitations/nouvelle"),
    Scene("new invitation refused (422)", "administratrice", "/administration/invitations/nouvelle", _no_address),
    Scene("list to invite", "administratrice", "/administration/invitations/liste"),
    Scene("no list (422)", "administratrice", "/administration/invitations/liste", _refused),
    Scene("report of a list, just read", "administratrice", "/administration/invitations/liste", _report),
    Scene("report of a list", "administratrice", "/administration/invitations/listes/{batch}"),
    Scene("lost telephone", "administratrice", "/administration/personnes/3/double-authentification"),
    Scene("lost telephone (422)", "administratrice", "/administration/personnes/3/double-authentification", _refused),
    Scene("journal", "administratrice", "/journal"),
    Scene("journal of an act", "administratrice", "/journal?acte=withdraw_proposal"),
    Scene("dead invitation (410)", "visiteur", "/invitation?jeton=x", status=410),
    Scene("dead link to a new password (410)", "visiteur", "/mot-de-passe/nouveau?jeton=x", status=410),
    Scene("dead link to confirm an address (410)", "membre", "/compte/confirmer?jeton=x", status=410),
    Scene("dead link to leave an address (410)", "membre", "/compte/adresse/ancienne?jeton=x", status=410),
    Scene("dead link to a new address (410)", "membre", "/compte/adresse/nouvelle?jeton=x", status=410),
]
CLOSED = [
    Scene("theme", "visiteur", "/themes/3"),
    Scene("results", "visiteur", "/themes/3/propositions"),
    Scene("results", "membre", "/themes/3/propositions"),
    Scene("results by group", "visiteur", "/themes/3/resultats/groupes"),
    Scene("proposal", "membre", "/propositions/T3-001"),
    Scene("thread", "membre", "/fils/1"),
    Scene("syntheses", "visiteur", "/syntheses"),
    Scene("published synthesis", "visiteur", "/syntheses/{published}"),
    Scene("synthesis as a page", "visiteur", "/syntheses/{published}/lire"),
    Scene("own ballots in the data", "membre", "/syntheses/{published}/mes-votes"),
    Scene("signature to deposit", "agent", "/syntheses/{published}/signer"),
    Scene("signature refused (422)", "agent", "/syntheses/{published}/signer", _refused),
    Scene("synthesis to publish", "agent", "/syntheses/{ready}"),
    Scene("schedule", "agent", "/themes/3/calendrier"),
    Scene("synthesis under way", "agent", "/syntheses", _under_way),
    Scene("answered proposal", "visiteur", "/propositions/T3-001"),
    Scene("answered proposal", "agent", "/propositions/T3-001"),
    Scene("proposal to carry out", "agent", "/propositions/T3-009"),
    Scene("proposal without answer", "agent", "/propositions/T3-004"),
    Scene("answer", "agent", "/propositions/T3-004/repondre"),
    Scene("answer refused (422)", "agent", "/propositions/T3-001/repondre", _no_reason),
    Scene("obligation", "agent", "/propositions/T3-001/engagements"),
    Scene("obligation refused (422)", "agent", "/propositions/T3-001/engagements", _refused),
    Scene("obligation kept", "agent", "/propositions/T3-001/engagements/1/tenu"),
    Scene("obligation kept already", "agent", "/propositions/T3-009/engagements/3/tenu"),
    Scene("obligation put off", "agent", "/propositions/T3-001/engagements/1/echeance"),
    Scene("obligation put off refused (422)", "agent", "/propositions/T3-001/engagements/1/echeance", _no_reason),
    Scene("notice of an answer", "visiteur", "/propositions/T3-001/reponses/2/signaler"),
    Scene("follow-up", "visiteur", "/themes/3/suites"),
    Scene("follow-up", "agent", "/themes/3/suites"),
    Scene("own contributions", "membre", "/compte/contributions"),
]
