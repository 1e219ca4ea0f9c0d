"""By which rules was the consultation held, by whom, and what does it not prove? The chapter of the method.

Other chapters are in `outlines`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from forum.documents.outline import (
    Block,
    Column,
    Definitions,
    Entry,
    Listing,
    Paragraph,
    Run,
    Section,
    Table,
    Tone,
)
from forum.domain.chapters.words import (
    counted,
    fr,
    local_moment,
    text,
)
from forum.domain.syntheses.snapshots import (
    FrozenTheme,
    FrozenWindow,
    Snapshot,
)
from forum.models.themes import Voting


def method_chapter(snapshot: Snapshot) -> Section:
    """Calendar, rules of the vote and of the ranking, what is automatic and what is human, limits."""
    return Section(
        anchor="methode",
        title="Méthode",
        blocks=(_calendar(snapshot.themes),),
        sections=(
            Section("methode-regles", "Règles du vote et du classement", (Definitions(tuple(_rules(snapshot))),)),
            Section(
                "methode-fabrication",
                "Ce qui est automatique, ce qui est humain",
                (Definitions(tuple(_making(snapshot))),),
            ),
            Section("methode-limites", "Limites", (Listing(tuple(map(text, _limits()))),)),
        ),
    )


def _calendar(themes: Sequence[FrozenTheme]) -> Block:
    if not themes:
        return Paragraph(text("Aucun thème n’est ouvert."), Tone.EMPTY)
    return Table(
        caption="Calendrier de la consultation",
        columns=(Column("Thème", 16), Column("Contributions", 42), Column("Votes", 42)),
        rows=tuple(
            (
                Run(f"Thème\u00a0{theme.number}"),
                Run(_window(theme.contributions)),
                Run(_window(theme.votes)),
            )
            for theme in themes
        ),
    )


def _window(window: FrozenWindow | None) -> str:
    if window is None:
        return "dates non fixées"
    return f"du {local_moment(window.start)} au {local_moment(window.end)}"


def _rules(snapshot: Snapshot) -> Iterable[Entry]:
    method = snapshot.method
    site = snapshot.consultation.base_url
    yield Entry(
        "Canal", (Run("Forum public en ligne, "), Run(site, href=site), Run(", et réunions de groupes de travail."))
    )
    yield Entry(
        "Vote", text(" ".join((*_votes(snapshot.themes), "Le vote se change ou se retire jusqu’à la clôture.")))
    )
    yield Entry("Secret", text(_sealing(snapshot.themes)))
    ties = (
        "Les ex æquo partagent un rang et se suivent dans l’ordre de leurs références, qui ne dit rien de leur valeur."
    )
    yield Entry("Classement", text(" ".join((*_orders(snapshot.themes), ties))))
    if any(proposal.pending for proposal in snapshot.proposals):
        yield Entry(
            "Changements en cours de vote",
            text(
                fr(
                    "Un vote porte sur une version. Quand le sens d’une proposition a changé, les votes portés sur la "
                    "version précédente ne comptent que si leur auteur les a confirmés."
                )
            ),
        )
    yield Entry("Seuil", text(_quorums(snapshot.themes)))
    base = (
        "votants, abstentions comprises" if method.abstentions_in_wilson else "suffrages exprimés, abstentions exclues"
    )
    if any(theme.voting is Voting.OPINIONS for theme in snapshot.themes):
        yield _wilson(base)
    if any(theme.groups or theme.picks for theme in snapshot.themes):
        yield Entry(
            "Autres classements",
            text(
                fr(
                    "À titre de comparaison, et sans changer le rang : le consensus entre groupes déclarés, moyenne "
                    "géométrique de (pour + 1) / (votants + 2) sur les groupes montrés, s’il y en a deux au moins ; "
                    "les propositions phares, dix propositions choisies une à une pour représenter le plus de votants "
                    "différents."
                )
            ),
        )
    yield Entry(
        "Calcul",
        text(fr("Nombres entiers et fractions exactes ; les arrondis ne servent qu’à l’affichage.")),
    )


def _wilson(base: str) -> Entry:
    return Entry(
        "Second classement",
        text(
            fr(
                "La borne inférieure de Wilson (E. B. Wilson, 1927, confiance 95 %) est donnée à titre de comparaison. "
                "Elle estime la part de pour parmi les {base}, avec une prudence d’autant plus grande que les avis "
                "sont peu nombreux. Elle ne change pas le rang.",
                base=base,
            )
        ),
    )


# How people vote, and what decides the rank, for each kind of voting.
_KINDS: Final[Mapping[Voting, tuple[str, str]]] = {
    Voting.OPINIONS: (
        "Une personne inscrite dispose d’un avis par proposition : pour, abstention ou contre. Ne pas voter n’est pas "
        "s’abstenir.",
        "Soutien net : nombre de pour moins nombre de contre.",
    ),
    Voting.APPROVAL: (
        "Une personne inscrite soutient les propositions qu’elle approuve.",
        "Nombre de soutiens.",
    ),
    Voting.JUDGMENT: (
        "Une personne inscrite donne une mention à chaque proposition.",
        "Jugement majoritaire (M. Balinski et R. Laraki) : la mention que plus de la moitié des votants donne au "
        "moins, puis celles que l’on trouve en ôtant une à une les mentions du milieu.",
    ),
    Voting.RANKING: (
        "Une personne inscrite donne un rang aux propositions qu’elle préfère ; plusieurs peuvent avoir le même.",
        "Duels (méthode de Schulze) : chaque proposition est comparée à chaque autre dans l’ordre de chaque votant ; "
        "celles qu’il ne classe pas viennent après.",
    ),
}


def _votes(themes: Sequence[FrozenTheme]) -> Iterable[str]:
    return (f"{where}{_KINDS[voting][0]}" for voting, where in _by_voting(themes))


def _orders(themes: Sequence[FrozenTheme]) -> Iterable[str]:
    return (f"{where}{_KINDS[voting][1]}" for voting, where in _by_voting(themes))


def _by_voting(themes: Sequence[FrozenTheme]) -> Iterable[tuple[Voting, str]]:
    """The kinds of voting, each with the themes that have it when there are several."""
    kinds = [voting for voting in Voting if any(theme.voting is voting for theme in themes)] or [Voting.OPINIONS]
    for voting in kinds:
        numbers = ", ".join(str(theme.number) for theme in themes if theme.voting is voting)
        yield voting, f"Thèmes {numbers}\u00a0: " if len(kinds) > 1 else ""


def _sealing(themes: Sequence[FrozenTheme]) -> str:
    sealed = [str(theme.number) for theme in themes if theme.sealed]
    if len(sealed) == len(themes):
        return fr("Aucun résultat n’est visible avant la clôture des votes.")
    if not sealed:
        return fr("Les résultats étaient visibles pendant les votes.")
    return fr(
        "Aucun résultat n’est visible avant la clôture des votes pour les thèmes suivants : {numbers}.",
        numbers=", ".join(sealed),
    )


def _quorums(themes: Sequence[FrozenTheme]) -> str:
    quorums = {theme.quorum for theme in themes}
    if quorums <= {0}:
        return fr("Aucun : toutes les propositions qui ont reçu un vote sont classées.")
    apart = "En dessous, la proposition est présentée à part, non classée."
    if len(quorums) == 1:
        return f"{_voters(quorums.pop())} au moins, abstentions comprises. {apart}"
    each = ", ".join(f"thème {theme.number}, {_voters(theme.quorum)}" for theme in themes)
    return fr("Au moins, abstentions comprises : {each}. {apart}", each=each, apart=apart)


def _voters(quorum: int) -> str:
    return counted(quorum, "votant", "votants")


def _making(snapshot: Snapshot) -> Iterable[Entry]:
    yield Entry(
        "Automatique",
        text(
            fr(
                "Le décompte des avis, le classement, les tableaux, les graphiques, la phrase expliquant chaque rang, "
                "la liste des questions sans réponse, la mise en page."
            )
        ),
    )
    yield Entry(
        "Humain",
        text(
            fr(
                "Les contributions et les votes ; le choix des passages dont on tire des propositions, leur lien "
                "avec les réunions et les questions, la modération. Aucun mot d’auteur n’est corrigé."
            )
        ),
    )
    yield Entry(
        "Vérification",
        text(
            fr(
                "Les données figées le {moment} ont l’empreinte SHA-256 imprimée en couverture. Les mêmes données "
                "redonnent le même document, octet pour octet.",
                moment=local_moment(snapshot.taken_at),
            )
        ),
    )


def _limits() -> tuple[str, ...]:
    return (
        "Les personnes qui participent sont volontaires. Elles ne forment pas un échantillon représentatif.",
        "Un classement mesure l’accord de ces personnes sur une formulation. Il ne mesure ni l’urgence ni le coût.",
        "Les propositions déposées tard ont pu être vues par moins de monde.",
        "Deux propositions proches peuvent se partager les avis.",
    )
