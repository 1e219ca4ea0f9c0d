"""What does a document hold as data? The record behind its figures, for spreadsheets, statisticians and other software.

Frozen dataclasses, plain values: integers, texts, booleans, lists. Field names are those of the JSON file, and the
sentence beside each type is what its data dictionary says of it, so that no field can go without one. States, origins
and sentences are in the words that people read; kinds of voting and methods are codes, for programs that compare one
document with another, and stand in no sheet. Like the rest of an outline it is written by the domain
(`forum/domain/chapters/data.py`); renderers only spell it.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class ConsultationData:
    """Who asks, where, and under which licence the answers may be used again."""

    title: Annotated[str, "Titre de la consultation."]
    organiser: Annotated[str, "Organisateur."]
    licence: Annotated[str, "Licence de réutilisation de ces données."]
    url: Annotated[str, "Adresse du site, sans barre oblique finale."]
    example: Annotated[bool, "Vrai quand membres et votes sont fictifs."]


@dataclass(frozen=True, slots=True)
class MethodData:
    """The rules by which it was ranked."""

    ranking: Annotated[str, "Classement principal."]
    comparison: Annotated[str, "Second classement, donné à titre de comparaison."]
    confidence: Annotated[str, "Niveau de confiance de la borne de Wilson, en part de un."]
    abstentions_in_wilson: Annotated[bool, "Vrai quand les abstentions comptent dans la borne de Wilson."]


@dataclass(frozen=True, slots=True)
class DayData:
    """A day and its contributions."""

    day: Annotated[str, "Jour (AAAA-MM-JJ, heure de Paris)."]
    contributions: Annotated[int, "Contributions datées de ce jour."]


@dataclass(frozen=True, slots=True)
class ParticipationData:
    """Who took part. The instructions of the organiser are not contributions."""

    contributions: Annotated[int, "Contributions reçues, consignes de l’organisateur exclues."]
    replies: Annotated[int, "Dont réponses à une autre contribution."]
    quotes: Annotated[int, "Dont contributions qui en citent une autre."]
    unknown_author: Annotated[int, "Dont contributions d’auteur non connu."]
    received: Annotated[int, "Dont contributions reçues hors du site et saisies par l’équipe de modération."]
    undated: Annotated[int, "Dont contributions sans date connue ; elles ne sont dans aucun jour de per_day."]
    known_authors: Annotated[int, "Auteurs connus, chacun compté une fois."]
    treated: Annotated[int, "Contributions lues jusqu’au bout et retenues, en tout ou en partie."]
    without_follow_up: Annotated[int, "Contributions lues jusqu’au bout et laissées sans suite, avec une raison."]
    used: Annotated[int, "Contributions dont au moins une proposition est tirée."]
    quoted: Annotated[int, "Contributions citées mot pour mot."]
    proposals: Annotated[int, "Propositions déposées, retirées comprises."]
    withdrawn: Annotated[int, "Dont propositions retirées."]
    set_aside: Annotated[int, "Dont propositions écartées."]
    merged: Annotated[int, "Dont propositions fusionnées dans une autre."]
    votants: Annotated[
        int | None, "Personnes ayant déposé un avis sur une proposition en vigueur ; null : non dépouillé."
    ]
    avis: Annotated[int | None, "Avis comptés sur les propositions en vigueur ; null : non dépouillé."]
    avis_retirees: Annotated[
        int | None, "Avis sur des propositions retirées depuis, non compris dans avis ; null : non dépouillé."
    ]
    pending: Annotated[
        int | None,
        "Votes sur une version antérieure, non confirmés et non compris dans avis ; null : non dépouillé.",
    ]
    per_day: Annotated[tuple[DayData, ...], "Contributions par jour, dans l’ordre des jours."]


@dataclass(frozen=True, slots=True)
class WindowData:
    """Half-open: the end itself is outside."""

    start: Annotated[str, "Ouverture (UTC, ISO 8601)."]
    end: Annotated[str, "Clôture, exclue (UTC, ISO 8601)."]


@dataclass(frozen=True, slots=True)
class QuestionData:
    """A guiding question."""

    position: Annotated[int, "Rang de la question dans le thème, à partir de 1."]
    text: Annotated[str, "Question directrice."]


@dataclass(frozen=True, slots=True)
class ThemeData:
    """A theme, and how much happened in it."""

    number: Annotated[int, "Numéro du thème."]
    title: Annotated[str, "Titre."]
    introduction: Annotated[str, "Introduction, en texte simple."]
    questions: Annotated[tuple[QuestionData, ...], "Questions directrices."]
    contributions_window: Annotated[WindowData | None, "Période des contributions ; null : dates non fixées."]
    votes_window: Annotated[WindowData | None, "Période des votes ; null : dates non fixées."]
    sealed: Annotated[bool, "Vrai quand aucun résultat n’est visible avant la clôture des votes."]
    quorum: Annotated[int, "Nombre de votants sous lequel une proposition n’est pas classée ; 0 : aucun seuil."]
    voting: Annotated[str, "Mode de vote : soutien, pour-contre, jugement ou classement."]
    mentions: Annotated[tuple[str, ...], "Mentions d’un jugement, de la pire à la meilleure."]
    quota: Annotated[int, "Propositions qu’une personne pouvait soutenir ou classer ; 0 : toutes."]
    method: Annotated[str, "Méthode déclarée, qui donne le rang."]
    other_methods: Annotated[tuple[str, ...], "Autres méthodes que permettent les mêmes bulletins."]
    disagreements: Annotated[
        tuple[str, ...], "Propositions que les méthodes classent différemment parmi leurs dix premières."
    ]
    slate: Annotated[tuple[str, ...], "Propositions phares, dans leur ordre ; vide sous vingt votants."]
    compared: Annotated[tuple[str, ...], "Propositions comparées deux à deux ; vide sous vingt votants."]
    preferred: Annotated[
        tuple[tuple[int, ...], ...], "Ligne x, colonne y : votants qui préfèrent la x-ième de compared à la y-ième."
    ]
    contributions: Annotated[int, "Contributions reçues dans ce thème."]
    proposals: Annotated[int, "Propositions déposées dans ce thème, retirées comprises."]
    pour: Annotated[int | None, "Total des pour sur ses propositions en vigueur ; null : non dépouillé, ou autre vote."]
    abstention: Annotated[int | None, "Total des abstentions, de même."]
    contre: Annotated[int | None, "Total des contre, de même."]


@dataclass(frozen=True, slots=True)
class SourceData:
    """The exact words that a proposal was made of."""

    id: Annotated[str, "Identifiant stable : C-12@1 est la première version de C-12, marque propre à tout le forum."]
    contribution: Annotated[int, "Numéro de la contribution dans tout le forum."]
    revision: Annotated[int, "Version de la contribution, à partir de 1."]
    start: Annotated[int, "Premier caractère du passage dans le texte simple de cette version, à partir de 0."]
    end: Annotated[int, "Caractère qui suit le passage."]
    words: Annotated[str, "Mots exacts du passage."]
    url: Annotated[str, "Adresse de la contribution à cette version."]


@dataclass(frozen=True, slots=True)
class SaidData:
    """How many ballots say the same."""

    opinion: Annotated[int, "Rang de la mention, 0 pour la pire ; ou place donnée, 1 pour la première."]
    ballots: Annotated[int, "Votes qui le disent."]


@dataclass(frozen=True, slots=True)
class RankData:
    """A rank by another method."""

    method: Annotated[str, "Méthode."]
    rank: Annotated[int, "Rang dans le thème par cette méthode."]


@dataclass(frozen=True, slots=True)
class CellData:
    """What is published of one group on one proposal; groups that would tell somebody's vote are not here."""

    by: Annotated[str, "Consensus auquel elle sert : consensus-professions ou consensus-territoires."]
    group: Annotated[str | None, "Groupe ; vide : sans déclaration ; null : tous les groupes non montrés, ensemble."]
    pour: Annotated[int, "Personnes favorables, selon precision."]
    votants: Annotated[int, "Personnes du groupe qui ont voté : cinq au moins."]
    precision: Annotated[str, "« exactement », « au moins » ou « au plus » : comment lire pour."]


@dataclass(frozen=True, slots=True)
class ProposalData:
    """One proposal, withdrawn or not; None where the document has nothing to say."""

    reference: Annotated[str, "Référence publique, telle que T3-007."]
    version: Annotated[int, "Version de la formulation, à partir de 1."]
    wording: Annotated[str, "Formulation soumise au vote."]
    body: Annotated[str, "Texte qui l’accompagne ; vide quand la formulation dit tout."]
    theme: Annotated[int, "Numéro du thème."]
    state: Annotated[
        str,
        "« en vigueur », « fusionnée », « retirée », « écartée » ; après la réponse de l’administration, la réponse : "
        "« retenue », « partiellement retenue », « non retenue », « à l’étude », suivie de « mise en œuvre » si elle "
        "l’est.",
    ]
    state_reason: Annotated[str, "Raison donnée, quand elle est écartée ou retirée."]
    other: Annotated[str | None, "Proposition où elle est fusionnée, ou au profit de laquelle elle est retirée."]
    rank: Annotated[int | None, "Rang dans le thème par sa méthode déclarée ; null : non classée."]
    tied: Annotated[bool, "Vrai quand ce rang est partagé."]
    other_ranks: Annotated[tuple[RankData, ...], "Rangs par les autres méthodes."]
    pour: Annotated[int | None, "Nombre de pour ; null : non dépouillé, ou jamais soumise au vote."]
    abstention: Annotated[int | None, "Nombre d’abstentions."]
    contre: Annotated[int | None, "Nombre de contre."]
    votants: Annotated[int | None, "Personnes dont le vote compte."]
    said: Annotated[tuple[SaidData, ...], "D’un jugement ou d’un classement : votes par mention ou par place."]
    groups: Annotated[tuple[CellData, ...], "Ce qu’en disent les groupes, quand cela ne dit le vote de personne."]
    pending: Annotated[int | None, "Votes sur une version antérieure, non confirmés ni comptés ; null : non dépouillé."]
    soutien_net: Annotated[int | None, "Pour moins contre ; peut être négatif."]
    wilson: Annotated[
        str | None, "Borne inférieure de Wilson, six décimales, écrite en texte pour n’être arrondie par personne."
    ]
    wilson_rank: Annotated[int | None, "Rang dans le thème selon la borne de Wilson ; null : non classée."]
    explanation: Annotated[str, "Phrase qui explique le rang ou son absence."]
    origin: Annotated[str, "D’où elle vient : contribution, extrait, réunion, membre, organisateur, import."]
    meeting: Annotated[str | None, "Réunion d’origine ; null : hors réunion."]
    questions: Annotated[tuple[int, ...], "Positions des questions directrices auxquelles elle répond."]
    source: Annotated[SourceData | None, "Passage dont elle est tirée ; null : sans contribution d’origine."]
    url: Annotated[str, "Adresse de la proposition à cette version."]


@dataclass(frozen=True, slots=True)
class VerbatimData:
    """A contribution cited in full."""

    id: Annotated[str, "Identifiant stable, tel que C-12@1."]
    contribution: Annotated[int, "Numéro de la contribution dans tout le forum."]
    revision: Annotated[int, "Version citée."]
    theme: Annotated[int, "Numéro du thème."]
    thread: Annotated[str, "Titre du fil."]
    number: Annotated[int, "Place dans le fil, à partir de 1."]
    words: Annotated[str, "Mots de l’auteur, inchangés."]
    written_at: Annotated[str | None, "Date (UTC, ISO 8601) ; null : non connue."]
    meetings: Annotated[tuple[str, ...], "Réunions auxquelles elle est rattachée."]
    url: Annotated[str, "Adresse de la contribution à cette version."]


@dataclass(frozen=True, slots=True)
class UnansweredData:
    """A guiding question to which no proposal in force is attached."""

    theme: Annotated[int, "Numéro du thème."]
    position: Annotated[int, "Rang de la question dans le thème."]
    text: Annotated[str, "Question directrice."]


@dataclass(frozen=True, slots=True)
class MeetingData:
    """A meeting of a working group."""

    group: Annotated[str, "Groupe de travail."]
    number: Annotated[int, "Numéro de la réunion dans le groupe."]
    day: Annotated[str | None, "Jour (AAAA-MM-JJ) ; null : non connu."]
    place: Annotated[str | None, "Lieu ; null : non connu."]
    contributions: Annotated[int, "Contributions qui lui sont rattachées."]
    proposals: Annotated[int, "Propositions qui en viennent."]


@dataclass(frozen=True, slots=True)
class TextData:
    """What the organiser wrote in the document."""

    kind: Annotated[str, "Ce qu’est ce texte, par exemple « introduction »."]
    proposal: Annotated[str | None, "Référence de la proposition qu’il commente ; null : aucune."]
    version: Annotated[int, "Version de ce texte."]
    markdown: Annotated[str, "Ses mots, en Markdown ; une citation y est une marque."]


@dataclass(frozen=True, slots=True)
class Dataset:
    """The whole record of one document."""

    consultation: Annotated[ConsultationData, "La consultation."]
    scope: Annotated[int | None, "Numéro du thème couvert ; null : toute la consultation."]
    draft: Annotated[
        bool, "Vrai pour un document de travail, fait avant la clôture de tous les votes, sans dépouillement."
    ]
    version: Annotated[int, "Numéro pour ce qu’il couvre, parmi les brouillons si draft est vrai, les versions sinon."]
    taken_at: Annotated[str, "Instant auquel les données sont arrêtées (UTC, ISO 8601)."]
    sha256: Annotated[str, "Empreinte SHA-256 des données figées, imprimée sur chaque document."]
    software: Annotated[str, "Logiciel et version."]
    method: Annotated[MethodData, "Règles du classement."]
    participation: Annotated[ParticipationData, "Chiffres de la participation."]
    themes: Annotated[tuple[ThemeData, ...], "Thèmes."]
    proposals: Annotated[
        tuple[ProposalData, ...], "Toutes les propositions, retirées comprises, par thème et par référence."
    ]
    verbatims: Annotated[tuple[VerbatimData, ...], "Contributions citées mot pour mot."]
    unanswered_questions: Annotated[
        tuple[UnansweredData, ...], "Questions auxquelles aucune proposition en vigueur n’est rattachée."
    ]
    meetings: Annotated[tuple[MeetingData, ...], "Réunions des groupes de travail."]
    texts: Annotated[tuple[TextData, ...], "Ce que l’organisateur a écrit, dans l’ordre du document."]


def dictionary() -> dict[str, str]:
    """What each field of a dataset means, by its path, such as "proposals[].source.words"."""
    return dict(_meanings(Dataset, ""))


def _meanings(record: Any, before: str) -> Iterator[tuple[str, str]]:
    for name, annotated in get_type_hints(record, include_extras=True).items():
        kind, meaning = get_args(annotated)
        path = f"{before}{name}"
        yield path, meaning
        inner, mark = _inner(kind)
        if dataclasses.is_dataclass(inner):
            yield from _meanings(inner, f"{path}{mark}.")


_UNIONS: Final = (Union, UnionType)


def _inner(kind: Any) -> tuple[Any, str]:
    """The type within an optional or a list, and the mark of a list."""
    if get_origin(kind) in _UNIONS:
        return _inner(next(one for one in get_args(kind) if one is not type(None)))
    if get_origin(kind) is tuple:
        return get_args(kind)[0], "[]"
    return kind, ""
