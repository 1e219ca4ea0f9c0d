"""From a template and its values to an answer, in the reader's language; and the functions that all doors use.

Doors call `page`, `see_other` and `refused`. A page cached for many readers is rendered once by `prepare`, open at its
slots, then filled for each reader. What a page shows is decided in the domain; no template may await.
"""

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from sys import getsizeof
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from forum import permissions
from forum.domain.pages import FIRST
from forum.errors import CahierError, Invalid
from forum.language import LOCALES, catalogue, filters, said, translators
from forum.permissions import Viewer
from forum.settings import ROOT, Settings
from forum.text import typography
from forum.web.plumbing.addresses import ENGLISH, Addresses
from forum.web.plumbing.forms import Form, left_out, turned
from forum.web.plumbing.isolation import Isolation, set_apart
from forum.web.plumbing.problems import problem as as_problem
from forum.web.plumbing.problems import speaks_json
from forum.web.plumbing.static import Assets

# The notices shown once on the page that follows an action: `?fait=<key>`. Only these sentences can be shown, so an
# address cannot put other words on our page.
NOTICES = {
    "synthese-demandee": "Votre demande est enregistrée.",
    "synthese-inchangee": "Rien n’a changé depuis cette version : la voici.",
    "brouillon-inchange": "Rien n’a changé depuis ce brouillon : le voici.",
    "synthese-recommencee": "La compilation recommence.",
    "synthese-composee": "Les documents se composent, avec les textes et les données de maintenant.",
    "synthese-en-relecture": "La synthèse est en relecture : personne n’y écrit plus.",
    "synthese-reprise": "La synthèse s’écrit de nouveau.",
    "texte-enregistre": "Votre texte est enregistré.",
    "texte-inchange": "Rien n’a changé dans ce texte.",
    "synthese-publiee": "La synthèse est publiée.",
    "synthese-signee": "La signature est vérifiée et publiée.",
    "connecte": "Votre session est ouverte.",
    "deconnecte": "Votre session est fermée.",
    "deconnecte-partout": "Toutes vos sessions sont fermées.",
    "session-fermee": "Cette session est fermée.",
    "sessions-fermees": "Vos autres sessions sont fermées.",
    "mot-de-passe-change": "Votre mot de passe est changé ; vos autres sessions sont fermées.",
    "mot-de-passe-choisi": "Votre nouveau mot de passe est enregistré. Connectez-vous avec lui.",
    "compte-ouvert": "Votre adresse est confirmée et votre compte est ouvert. Bienvenue !",
    "profil-garde": "Votre profil est enregistré.",
    "charte-acceptee": "Vous avez accepté la charte.",
    "charte-changee": "Votre session est ouverte. La charte a changé : lisez-la, puis acceptez-la ci-dessous.",
    "adresse-demandee": "Votre demande est enregistrée : suivez le lien de chacun des messages envoyés.",
    "adresse-abandonnee": "Le changement d’adresse est abandonné ; votre adresse reste la même.",
    "adresse-confirmee": "Votre adresse est confirmée : vous pouvez contribuer et voter.",
    "confirmation-envoyee": "Un message part vers votre adresse : suivez le lien qu’il contient, dans les 48 heures.",
    "facteur-demande": "Votre rôle demande la double authentification : activez-la pour pouvoir agir.",
    "facteur-retire": "La double authentification est désactivée.",
    "identite-reliee": "Votre identité est reliée à ce compte : elle sert désormais à vous connecter.",
    "identite-retiree": "Cette identité ne sert plus à vous connecter.",
    "archive-demandee": "Votre archive se prépare.",
    "compte-efface": "Votre compte est effacé.",
    "fil-lu": "C’est noté : ce fil est lu jusqu’ici.",
    "fils-lus": "C’est noté : ces fils sont lus.",
    "courriels-choisis": "Votre choix est enregistré.",
    "suivi": "C’est noté : vous suivez cette page.",
    "suivi-arrete": "C’est noté : vous ne suivez plus cette page.",
    "contribution-publiee": "Votre contribution est publiée.",
    "contribution-en-attente": "Votre contribution est enregistrée. L’équipe de modération la relit d’abord.",
    "contribution-en-attente-modifiee": "Vos changements sont enregistrés.",
    "contribution-en-attente-retiree": "Votre contribution est retirée. Ses mots sont effacés.",
    "contribution-modifiee": "Votre contribution est modifiée ; l’ancienne version reste dans son historique.",
    "contribution-retiree": "Votre contribution est retirée. Les réponses restent.",
    "contribution-remise-masquee": (
        "Vous ne retirez plus votre contribution. L’équipe de modération l’a masquée : elle reste masquée."
    ),
    "contribution-remise": "Votre contribution est de nouveau affichée.",
    "fil-ouvert": "Votre fil est ouvert.",
    "fil-renomme": "Le fil est renommé. Les personnes qui y ont contribué reçoivent une notification.",
    "fil-verrouille": "Le fil est verrouillé. Les personnes qui y ont contribué reçoivent une notification.",
    "fil-deverrouille": "Le fil est déverrouillé. Les personnes qui y ont contribué reçoivent une notification.",
    "fil-epingle": "Le fil est épinglé en tête de la liste de son thème.",
    "contributions-deplacees": "Les contributions sont déplacées. Leurs auteurs reçoivent une notification.",
    "contributions-remises": "Les contributions ont repris leur place. Leurs auteurs reçoivent une notification.",
    "fil-change-de-theme": "Le fil a changé de thème. Les personnes qui y ont contribué reçoivent une notification.",
    "contributions-saisies": "C’est saisi. Le journal garde que c’est vous qui l’avez fait.",
    "reception-corrigee": "La saisie est corrigée.",
    "nom-efface": "Ce nom est effacé. Les mots restent, sans lui.",
    "fil-desepingle": "Le fil reprend sa place dans la liste de son thème.",
    "proposition-faite": "La proposition est enregistrée.",
    "proposition-retiree": "Votre proposition est retirée ; elle reste lisible, à part.",
    "proposition-modifiee": "Votre proposition est modifiée ; l’ancienne version reste lisible.",
    "questions-enregistrees": "C’est enregistré ; ses mots n’ont pas changé.",
    "proposition-ecartee": "La proposition est écartée ; son auteur et ses votants le savent.",
    "proposition-reprise": "La proposition est de nouveau soumise au vote ; son auteur et ses votants le savent.",
    "correction-certifiee": "C’est une correction : les votes sur la version précédente comptent.",
    "correction-annulee": "Cette version change le sens : les votes sur la précédente attendent d’être confirmés.",
    "brouillon-garde": "Votre brouillon est enregistré.",
    "citer-aussi": "Votre brouillon est enregistré. « Citer », sous une contribution, l’ajoute à votre réponse.",
    "brouillon-supprime": "Votre brouillon est supprimé.",
    "propositions-fusionnees": "Les propositions sont fusionnées ; leurs auteurs et leurs votants sont prévenus.",
    "proposition-defusionnee": "La proposition est de nouveau à part ; ses auteurs et ses votants sont prévenus.",
    "propositions-differentes": "C’est noté : ces deux propositions sont différentes.",
    "propositions-comparees": "Ces deux propositions sont de nouveau comparées.",
    "droits-changes": "Ses droits sont enregistrés ; ils valent dès sa prochaine page.",
    "personne-suspendue": "La suspension est enregistrée.",
    "suspension-levee": "La suspension est levée.",
    "facteur-ote": "Sa double authentification est retirée et ses sessions sont fermées.",
    "nom-corrige": "La correction est enregistrée. La personne la reçoit, avec votre raison.",
    "votes-ecartes": "Les votes de cette personne sur ce thème sont écartés. Un courriel le lui dit.",
    "votes-comptes": "Les votes de cette personne sur ce thème comptent de nouveau. Un courriel le lui dit.",
    "lien-envoye": "Un lien lui est envoyé pour choisir un nouveau mot de passe.",
    "sessions-terminees": "Toutes les sessions de cette personne sont fermées.",
    "courriels-envoyes": "Les courriels qui attendaient un nouvel essai partent maintenant.",
    "invitation-envoyee": "L’invitation est partie.",
    "invitation-retiree": "L’invitation est retirée : son lien ne mène plus nulle part.",
    "calendrier-fixe": "Le calendrier est enregistré.",
    "votes-clos": "Les votes sont clos ; les résultats sont publics.",
    "reponse-publiee": "La réponse est publiée ; les personnes qui ont proposé et voté le savent.",
    "engagement-inscrit": "L’engagement est inscrit.",
    "engagement-tenu": "L’engagement est tenu ; les personnes qui ont proposé et voté le savent.",
    "engagement-rouvert": "L’engagement n’est plus dit tenu.",
    "echeance-changee": "La nouvelle échéance est inscrite, avec sa raison.",
    "mise-en-oeuvre": "La proposition est mise en œuvre.",
    "reunion-creee": "La réunion est enregistrée.",
    "reunion-modifiee": "La réunion est à jour.",
    "compte-rendu-garde": "Le compte rendu est enregistré ; ses lignes gardées sont des propositions.",
    "etiquette-changee": "L’étiquette est à jour.",
    "etiquettes-confirmees": "Les étiquettes choisies sont confirmées.",
    "etiquettes-refusees": "Les étiquettes choisies sont refusées.",
    "reunion-demandee-creee": "La réunion est créée et ses étiquettes sont confirmées. Indiquez sa date sur sa page.",
    "etiquettes-corrigees": "Le numéro est corrigé : ces contributions sont rattachées à la réunion choisie.",
    "selection-etiquetee": "La sélection est traitée.",
    "mots-retenus": "Ces mots sont retenus.",
    "extrait-change": "L’extrait est à jour.",
    "extrait-retire": "L’extrait est retiré ; la contribution ne change pas.",
    "extrait-rattache": "L’extrait suit la version actuelle de la contribution.",
    "extrait-garde": "L’extrait garde ses mots d’origine.",
    "signalement-recu": "Merci. L’équipe de modération va lire votre signalement.",
    "decision-prise": "La décision est enregistrée. Les personnes concernées la reçoivent.",
    "dossier-pris": "Vous vous chargez de ce dossier.",
    "dossier-rendu": "Vous ne vous chargez plus de ce dossier.",
    "reclamation-envoyee": "Votre réclamation est envoyée. Une autre personne la lira et vous répondra.",
    "reclamation-repondue": "Votre réponse est envoyée.",
    "contribution-traitee": "La lecture de cette contribution est terminée.",
    "contribution-reprise": "Cette contribution est de nouveau à traiter.",
}

# Marks a slot of a cached page: no text can contain it, because texts refuse NUL.
MARK = "\0"
# Below this size, compressing costs more than it saves.
WORTH_PACKING = 1000
# Compression level for answers sent once: half the time of the usual one, for a tenth more bytes.
QUICKLY = 3
# How many corners of the masthead are cached, a few hundred bytes each.
ACCOUNTS_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Site:
    """What every page says about the site."""

    name: str
    organiser: str
    title: str
    accessibility: str
    provider: str
    example: bool


def rendered(text: str) -> Markup:
    """The output of one of our templates, to be put into another: it is already escaped."""
    return Markup(text)  # noqa: S704 # only ever given the result of a template or a slot's mark


class Pages:
    """What the application builds once to show pages: templates by language, addresses, static files.

    `known` are the names about nouns that templates may use on every page, `instead` what is kept in French in the
    place of words that are not shown, and whatever else of ours is kept among people's words.
    """

    def __init__(
        self, settings: Settings, addresses: Addresses, *, instead: Sequence[str] = (), **known: object
    ) -> None:
        self._known = known
        self._instead = instead
        self.addresses = addresses
        self.assets = Assets()
        self.base_url = settings.site.base_url
        self.example = False
        self._accounts: dict[object, Markup] = {}
        asked = settings.consultation
        site = settings.site
        self._site = site.name, asked.organiser, asked.title, site.accessibility, settings.oidc.known_as
        self._environments = {locale: self._environment(settings, locale) for locale in LOCALES}

    def account(self, locale: str, viewer: Viewer | None, *, administers: bool = False, treats: bool = False) -> Markup:
        """The corner of the masthead: it depends only on a name, on how much is unread or waits, and on whether they
        administer or moderate, so it is cached by these."""
        counts = viewer and (viewer.unread, viewer.to_treat, viewer.to_decide)
        key = (locale, viewer and viewer.name, counts, administers, treats)
        found = self._accounts.get(key)
        if found is None:
            if len(self._accounts) > ACCOUNTS_KEPT:
                self._accounts.clear()
            text = self.template(locale, "session/_account.html")(viewer=viewer, administers=administers, treats=treats)
            found = self._accounts[key] = rendered(text)
        return found

    @property
    def site(self) -> Site:
        """What pages say about the site; `example` is known once the database was read."""
        return Site(*self._site, example=self.example)

    def said(self, locale: str, words: str) -> str:
        """Words as they are kept: those of ours in the language of the reader."""
        return catalogue(locale).gettext(words) if words in self._instead else words

    def template(self, locale: str, name: str) -> Callable[..., str]:
        return self._environments[locale].get_template(name).render

    def _environment(self, settings: Settings, locale: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(ROOT / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            # Without trim_blocks, which would join the last word before a tag to the first one after it.
            lstrip_blocks=True,
            auto_reload=settings.site.environment == "development",
            extensions=["jinja2.ext.i18n", Isolation],
        )
        install = environment.install_gettext_callables  # type: ignore[attr-defined] # added by the extension
        install(*translators(locale), newstyle=True)
        environment.globals.update(
            url=lambda name, **params: self.addresses.path(locale, name, params),
            static=self.assets.address,
            locale=locale,
            colon=typography.colon(locale),
            permissions=permissions,
            **self._known,
        )
        said = catalogue(locale).gettext
        set_apart(environment, {words: said(words) for words in self._instead if said(words) != words})
        environment.filters.update(filters(locale))
        return environment


def sentence(request: Request, problem: CahierError) -> str:
    """The sentence of a refusal, in the reader's language."""
    return said(problem, request.state.locale)


def href(request: Request, name: str, **params: object) -> str:
    """The local path of a page, in the reader's language."""
    return pages(request).addresses.path(request.state.locale, name, params)


def pages(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found


def render(request: Request, name: str, context: Mapping[str, Any], *, slot: Callable[[str], str] | None = None) -> str:
    """Render a template with what every page has; `slot(name)` returns the content of a slot, by default the reader's
    own."""
    locale: str = request.state.locale
    shared = {
        "viewer": request.state.viewer,
        "now": request.state.now,
        "site": pages(request).site,
        "here": _section(request.url.path),
        "address": pages(request).base_url + request.scope["address"],
        "other_locale_url": _in_other_language(request),
        "left_out": (),
        "slot": slot or (lambda one: own_slot(request, one)),
    }
    return pages(request).template(locale, name)(shared | dict(context))


async def page(request: Request, name: str, context: Mapping[str, Any], status: int = 200) -> Response:
    """A whole page of a template."""
    return html(request, render(request, name, context), status)


def html(request: Request, text: str, status: int = 200) -> Response:
    """Text as an answer, compressed for clients that accept it."""
    content = text.encode()
    headers = {"Vary": "Accept-Encoding, Cookie"}
    if len(content) > WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = gzip.compress(content, QUICKLY, mtime=0)
    return HTMLResponse(content, status, headers)


def has_already(request: Request, etag: str) -> bool:
    """Whether the browser says that it has exactly this version: it sends a list of tags, which a proxy may have
    weakened (RFC 9110, 13.1.2)."""
    held = request.headers.get("if-none-match", "")
    return held == "*" or etag in (one.strip().removeprefix("W/") for one in held.split(","))


def own_slot(request: Request, name: str) -> Markup:
    """What this reader sees in a slot of the frame: their corner of the masthead, or a notice shown once."""
    if name == "account":
        return _account(request)
    if name == "notice":
        return notice(request) + wanted(request)
    raise KeyError(name)


def _account(request: Request) -> Markup:
    viewer = request.state.viewer
    administers = bool(permissions.may_administer(viewer, request.state.now))
    treats = bool(permissions.may_open_inbox(viewer, request.state.now))
    return pages(request).account(request.state.locale, viewer, administers=administers, treats=treats)


def notice(request: Request) -> Markup:
    """What was just done, shown once; empty when nothing was."""
    if b"fait=" not in request.scope["query_string"]:
        return Markup()
    words = NOTICES.get(request.query_params.get("fait", ""))
    if words is None:
        return Markup()
    told = catalogue(request.state.locale).gettext(words)
    return Markup('<p class="notice" role="status">{}</p>').format(told)


def wanted(request: Request) -> Markup:
    """Whether every page, except where it is set up, must lead this reader to the second factor that their role
    requires."""
    viewer: Viewer | None = request.state.viewer
    if viewer is None or not viewer.lacks_factor or request.scope["path"].startswith("/compte/securite"):
        return Markup()
    return rendered(pages(request).template(request.state.locale, "second_factor/_wanted.html")())


@dataclass(frozen=True, slots=True)
class Ready:
    """A page rendered once for many readers; `pieces` are texts and, at odd indexes, names of slots."""

    pieces: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(map(getsizeof, self.pieces))

    def filled(self, slot: Callable[[str], str]) -> str:
        """The page for one reader."""
        return "".join(slot(piece) if place % 2 else piece for place, piece in enumerate(self.pieces))


def prepare(request: Request, name: str, context: Mapping[str, Any]) -> Ready:
    """Render a page that is the same for many readers, open at its slots (`{{ slot("account") }}` and any other)."""
    text = render(request, name, context, slot=lambda one: rendered(MARK + one + MARK))
    return Ready(tuple(text.split(MARK)))


def see_other(
    request: Request,
    name: str,
    *,
    notice: str | None = None,
    beside: int | None = None,
    fragment: str = "",
    **params: object,
) -> Response:
    """The answer to an action: 303 to a page, which says `NOTICES[notice]` once, `beside` a contribution."""
    if notice is not None and notice not in NOTICES:
        raise KeyError(notice)
    path = href(request, name, **params, fait=notice, ici=beside)
    return RedirectResponse(path + (f"#{fragment}" if fragment else ""), 303)


def to_place(
    request: Request, post: int, thread: int, after: int, *, view: str | None = None, notice: str | None = None
) -> Response:
    """A redirect to a contribution, on the page of its thread that begins after that number; the notice stands beside
    it."""
    return see_other(
        request,
        "thread",
        thread=thread,
        vue=view,
        apres=after or None,
        notice=notice,
        beside=post if notice else None,
        fragment=f"c-{post}",
    )


def unkept(response: Response) -> Response:
    """A page that no browser may cache: it contains a password, a code or a key."""
    response.headers["Cache-Control"] = "no-store"
    return response


def secret(response: Response) -> Response:
    """A page whose address holds the token of a link sent by mail: neither cached nor sent as referrer to the next
    page."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return unkept(response)


async def refused(
    request: Request, name: str, context: Mapping[str, Any], form: Form, problem: Invalid, status: int = 422
) -> Response:
    """The form again, with what was typed and each reason beside its field; words for which the page has no field any
    more are under it. For a program, only the reasons."""
    found = reasons(request, problem)
    if speaks_json(request):
        return as_problem(request, status, sentence(request, problem), found, {"Cache-Control": "no-store"})
    form.problems, form.told = found, problem.values
    shown = render(request, name, {**context, "form": form})
    if lost := left_out(request.state.form or form, shown):
        shown = render(request, name, {**context, "form": form, "left_out": lost})
    return html(request, shown, status)


def reasons(request: Request, problem: Invalid) -> dict[str, str]:
    """Why a form is refused, by field; a reason about the whole form has the empty name."""
    return {one.field or "": sentence(request, one) for one in problem.problems}


SECTIONS = {
    "": "home",
    "themes": "home",
    "fils": "home",
    "contributions": "home",
    "propositions": "home",
    "extraits": "home",
    "reunions": "meetings",
    "syntheses": "syntheses",
    "recherche": "search",
    "aide": "help",
}


def _section(path: str) -> str:
    return SECTIONS.get(path.split("/", 2)[1], "")


def _in_other_language(request: Request) -> str:
    asked: str = request.scope["address"]
    path = (asked.removeprefix(ENGLISH) or "/") if request.state.locale == "en" else ENGLISH + asked
    if path.startswith(("//", "/\\")):
        path = "/"  # would lead to another site
    if (turn := getattr(request.state, "turn", FIRST)).key:
        return f"{path}?{urlencode(turned(turn))}"
    number = request.query_params.get("page", "") if b"page=" in request.scope["query_string"] else ""
    return f"{path}?page={number}" if number.isdecimal() and number.isascii() and len(number) < 7 else path
