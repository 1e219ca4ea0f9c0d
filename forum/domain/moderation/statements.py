"""What does somebody read of a decision about their words? Everything that the law asks, in plain sentences (DSA,
article 17): what was done, by which rule, from which facts, by whom, and how to contest it.

The text is made once, shown to the moderator before it is sent, and kept as it was sent. Those who notified read less:
what was done, and by which rule. Pure: a decision and its circumstances in, sentences out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.domain.moderation.things import ModeratedThing
from forum.language import worded
from forum.models.cases import DecisionAct
from forum.models.moderation import Ground
from forum.text import typography

SENTENCES: Final = {
    "hide post": (
        "Votre contribution {number} au fil « {title} » est masquée. Vous et l’équipe de modération pouvez encore la"
        " lire. Personne d’autre ne la voit, et les documents à venir ne la reprendront pas. Les réponses des autres"
        " personnes restent."
    ),
    "hide proposal": (
        "Votre proposition {reference} est masquée. Vous et l’équipe de modération pouvez encore la lire. Personne"
        " d’autre ne la voit, elle n’est plus soumise au vote, et les documents à venir ne la reprendront pas. Les"
        " votes déjà exprimés sont gardés et ne comptent pas."
    ),
    "hide judged": (
        "Votre proposition {reference} est masquée. Vous et l’équipe de modération pouvez encore la lire. Personne"
        " d’autre ne la voit, et les documents à venir ne la reprendront pas. Les résultats du vote étaient publiés :"
        " son rang et ses chiffres restent, sans ses mots."
    ),
    "hide meeting": (
        "Le compte rendu de la GT réunion {number} ({group}), dont vous avez gardé des lignes, est masqué. Vous et"
        " l’équipe de modération pouvez encore le lire. Personne d’autre ne le voit. La réunion, les personnes"
        " présentes et les propositions qui en viennent restent affichées."
    ),
    "hide answer": (
        "Les mots de la réponse {number} que vous avez donnée à la proposition {reference} sont masqués. Vous et"
        " l’équipe de modération pouvez encore les lire. Personne d’autre ne les voit. La décision, sa date et le"
        " service restent affichés."
    ),
    "unhide meeting": (
        "Le compte rendu de la GT réunion {number} ({group}), dont vous avez gardé des lignes, est de nouveau affiché,"
        " tel qu’il était."
    ),
    "unhide answer": (
        "Les mots de la réponse {number} que vous avez donnée à la proposition {reference} sont de nouveau affichés,"
        " tels qu’ils étaient."
    ),
    "redact meeting": (
        "Un passage du compte rendu de la GT réunion {number} ({group}), dont vous avez gardé des lignes, est masqué."
        " « (passage masqué) » se lit à sa place. Le passage est effacé : personne ne peut plus le lire, ni le"
        " rétablir. Le reste du compte rendu ne change pas."
    ),
    "redact answer": (
        "Un passage de la réponse {number} que vous avez donnée à la proposition {reference} est masqué, là et dans les"
        " autres réponses à cette proposition. « (passage masqué) » se lit à sa place. Le passage est effacé : personne"
        " ne peut plus le lire, ni le rétablir. Le reste de vos mots et la décision ne changent pas."
    ),
    "unhide post": "Votre contribution {number} au fil « {title} » est de nouveau affichée, telle qu’elle était.",
    "unhide withdrawn": (
        "Votre contribution {number} au fil « {title} » n’est plus masquée. Vous l’avez retirée : elle le reste,"
        " tant que vous ne l’affichez pas de nouveau."
    ),
    "unhide proposal": "Votre proposition {reference} est de nouveau affichée, telle qu’elle était, avec ses votes.",
    "redact post": (
        "Un passage de votre contribution {number} au fil « {title} » est masqué, dans toutes ses versions. « (passage"
        " masqué) » se lit à sa place. Le passage est effacé : personne ne peut plus le lire, ni le rétablir. Le reste"
        " de vos mots ne change pas."
    ),
    "redact proposal": (
        "Un passage de votre proposition {reference} est masqué, dans toutes ses versions. « (passage masqué) » se lit"
        " à sa place. Le passage est effacé : personne ne peut plus le lire, ni le rétablir. Le reste de vos mots et"
        " les votes ne changent pas."
    ),
    "accept pending": (
        "Votre contribution au fil « {title} » est acceptée. Elle a pris sa place dans le fil, et les personnes qu’elle"
        " cite, mentionne ou à qui elle répond reçoivent une notification."
    ),
    "turn down pending": (
        "Votre contribution au fil « {title} » n’est pas publiée. Vous et l’équipe de modération pouvez encore la lire."
        " Personne d’autre ne l’a vue ni ne la verra."
    ),
    "facts": "Raison donnée : {facts}",
    "notified": "L’équipe de modération a lu vos mots à la suite d’un signalement.",
    "seen": "L’équipe de modération a lu vos mots d’elle-même, sans signalement.",
    "first": "L’équipe de modération relit les premières contributions de chaque nouveau membre.",
    "decided": "Une personne a pris cette décision le {day}. Aucun programme n’y a pris part.",
    "account": "Votre compte ne change pas : vous pouvez continuer à participer.",
    "contest": (
        "Vous pouvez contester cette décision jusqu’au {until}, une fois, sur cette page. Une autre personne de"
        " l’équipe de modération lira ce que vous écrivez et vous répondra."
    ),
    "court": "Vous pouvez aussi saisir le tribunal administratif.",
}
TITLES: Final[Mapping[Ground, str]] = {
    Ground.ILLEGAL: "Règle appliquée : la loi interdit de publier ce contenu.",
    Ground.PERSONAL_DATA: "Règle appliquée : la charte demande de ne pas publier les données personnelles d’autrui.",
    Ground.CHARTER: "Règle appliquée : ce contenu est contraire à la charte de participation.",
    Ground.OFF_TOPIC: "Règle appliquée : la charte demande de rester dans le sujet du thème.",
    Ground.DUPLICATE: "Règle appliquée : ce contenu répète ce qui est déjà publié.",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a statement says beside the decision itself; `until` is None where nothing is taken away."""

    notified: bool
    decided_at: datetime
    until: datetime | None
    locale: str = "fr"
    is_judged: bool = False
    """The result of the proposal is published."""


def statement_of(
    act: DecisionAct, thing: ModeratedThing, ground: Ground | None, facts: str, about: Circumstances
) -> str:
    """The text for the author, a paragraph between empty lines; empty where nothing is decided about their words."""
    if act is DecisionAct.NO_ACTION:
        return ""
    return "\n\n".join(_sentences(act, thing, ground, facts, about))


def _sentences(
    act: DecisionAct, thing: ModeratedThing, ground: Ground | None, facts: str, about: Circumstances
) -> Iterator[str]:
    def said(sentence: str, **values: object) -> str:
        return worded(sentence, values, about.locale)

    about_it = f"{act} {thing.kind}"
    if act is DecisionAct.HIDE and about.is_judged:
        about_it = "hide judged"
    elif act is DecisionAct.UNHIDE and thing.withdrawn_at:
        about_it = "unhide withdrawn"
    named = {"number": thing.number, "title": thing.thread_title, "reference": thing.reference}
    yield said(SENTENCES[about_it], group=thing.group_name, **named)
    if ground is not None:
        yield said(TITLES[ground])
    if facts:
        yield said(SENTENCES["facts"], facts=facts)
    if act is DecisionAct.REFUSE:
        yield said(SENTENCES["first"])
    elif act in (DecisionAct.HIDE, DecisionAct.REDACT):
        yield said(SENTENCES["notified" if about.notified else "seen"])
    yield said(SENTENCES["decided"], day=typography.day(about.decided_at.astimezone(typography.PARIS), about.locale))
    if about.until is not None:
        yield said(SENTENCES["account"])
        until = typography.day(about.until.astimezone(typography.PARIS), about.locale)
        yield f"{said(SENTENCES['contest'], until=until)} {said(SENTENCES['court'])}"
