"""By which rules was the consultation held, by whom, and what does it not prove? The chapter of the method.

Other chapters are in `outlines`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

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
from forum.domain.chapters.proposals import Ranking
from forum.domain.chapters.words import (
    counted,
    fr,
    local_moment,
    shown,
    text,
    themes_named,
)
from forum.domain.syntheses.snapshots import (
    FrozenProposal,
    FrozenTheme,
    FrozenWindow,
    OriginCount,
    Snapshot,
)
from forum.domain.votes.standings import Lens
from forum.models.themes import Voting
from forum.ranking.tallies import Tally
from forum.text.typography import capital


def method_chapter(snapshot: Snapshot, rankings: Sequence[Ranking]) -> Section:
    """Calendar, rules of the vote and of the ranking, what is automatic and what is human, limits."""
    return Section(
        anchor="methode",
        title="Méthode",
        blocks=(_calendar(snapshot.themes),),
        sections=(
            Section(
                "methode-regles", "Règles du vote et du classement", (Definitions(tuple(_rules(snapshot, rankings))),)
            ),
            *_excluded(snapshot),
            Section(
                "methode-fabrication",
                "Ce qui est automatique, ce qui est humain",
                (Definitions(tuple(_making(snapshot, rankings))),),
            ),
            Section("methode-limites", "Limites", (Listing(tuple(map(text, _limits()))),)),
        ),
    )


def _excluded(snapshot: Snapshot) -> Iterable[Section]:
    """The votes that are left out, where there are any, and the totals with them where these may be published."""
    themes = [theme for theme in snapshot.themes if theme.excluded_voters]
    if not themes:
        return
    said = (
        fr(
            "{theme} : {people}, {votes}.",
            theme=capital(themes_named([theme])),
            people=counted(theme.excluded_voters, "personne", "personnes"),
            votes=counted(theme.excluded_ballots, "vote", "votes"),
        )
        for theme in themes
    )
    why = fr(
        "Un administrateur a écarté les votes de personnes dont il a vérifié que le compte est frauduleux, avant la "
        "publication des résultats et sans voir ces votes. Aucun autre chiffre de ce document ne les compte."
    )
    both = [each for each in snapshot.proposals if each.tally is not None and each.with_excluded is not None]
    blocks: list[Block] = [Paragraph(text(" ".join((why, *said))))]
    if both:
        blocks.append(_with_excluded(both))
    blocks.append(
        Paragraph(
            text(
                fr(
                    "Les chiffres avec ces votes ne sont donnés que pour les propositions où leur différence ne dit "
                    "le vote de personne : cinq personnes écartées au moins, et deux au moins qui ne disent pas comme "
                    "les autres."
                )
            )
        )
    )
    yield Section("methode-votes-ecartes", "Votes écartés", tuple(blocks))


def _with_excluded(proposals: Sequence[FrozenProposal]) -> Block:
    return Table(
        caption="Chiffres sans et avec les votes écartés (pour, abstention, contre)",
        columns=(Column("Proposition", 30), Column("Sans ces votes", 35), Column("Avec ces votes", 35)),
        rows=tuple((Run(each.reference), Run(_said(each.tally)), Run(_said(each.with_excluded))) for each in proposals),
    )


def _said(tally: Tally | None) -> str:
    return ", ".join(map(shown, (tally.for_, tally.abstain, tally.against))) if tally else ""


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


def _rules(snapshot: Snapshot, rankings: Sequence[Ranking]) -> Iterable[Entry]:
    method = snapshot.method
    site = snapshot.consultation.base_url
    yield Entry(
        "Canal", (Run("Forum public en ligne, "), Run(site, href=site), Run(", et réunions de groupes de travail."))
    )
    if snapshot.participation.received:
        yield Entry("Hors du site", text(_received(snapshot.participation.received)))
    yield Entry(
        "Vote", text(" ".join((*_votes(snapshot.themes), "Le vote se change ou se retire jusqu’à la clôture.")))
    )
    yield Entry("Secret", text(_sealing(snapshot.themes)))
    ties = (
        "Les ex æquo partagent un rang et se suivent dans l’ordre de leurs références, qui ne dit rien de leur valeur."
    )
    yield Entry("Classement", text(" ".join((*_orders(rankings), ties))))
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
    of_opinions = [theme for theme in snapshot.themes if theme.voting is Voting.OPINIONS]
    if of_opinions:
        yield _wilson(base, _where(of_opinions, snapshot.themes))
    beside = tuple(_beside(snapshot.themes))
    if beside:
        yield Entry("Autres classements", text(" ".join(("À titre de comparaison, et sans changer le rang.", *beside))))
    yield Entry(
        "Calcul",
        text(fr("Nombres entiers et fractions exactes ; les arrondis ne servent qu’à l’affichage.")),
    )


def _received(counts: Sequence[OriginCount]) -> str:
    """How many contributions came by which way, and under which names they are."""
    ways = ", ".join(f"{each.origin.label} {shown(each.posts)}" for each in counts)
    return fr(
        "{total} parmi les autres : {ways}. L’équipe de modération en a saisi les mots, sous le nom que leur auteur "
        "souhaite ou sans nom. Ces auteurs ne sont pas parmi les auteurs connus.",
        total=counted(sum(each.posts for each in counts), "contribution", "contributions"),
        ways=ways,
    )


def _beside(themes: Sequence[FrozenTheme]) -> Iterable[str]:
    """The orders shown beside the declared one, with the themes that have them unless all do."""
    across = [theme for theme in themes if theme.groups]
    if across:
        yield capital(
            _where(across, themes)
            + fr(
                "consensus entre groupes déclarés, moyenne géométrique de (pour + 1) / (votants + 2) sur les groupes "
                "montrés, s’il y en a deux au moins. Un groupe est montré à partir de cinq votants ; à une personne "
                "près quand tous, ou tous sauf un, disent la même chose ; et seulement si aucune soustraction ne dit "
                "le reste."
            )
        )
    picked = [theme for theme in themes if theme.picks]
    if picked:
        yield capital(
            _where(picked, themes)
            + fr("propositions phares, dix au plus, choisies une à une pour représenter le plus de votants différents.")
        )


def _where(some: Sequence[FrozenTheme], themes: Sequence[FrozenTheme]) -> str:
    """The themes that a sentence is about, unless it is about all of them."""
    return fr("{themes} : ", themes=capital(themes_named(some))) if len(some) < len(themes) else ""


def _wilson(base: str, where: str) -> Entry:
    return Entry(
        "Second classement",
        text(
            fr(
                "{where}La borne inférieure de Wilson (E. B. Wilson, 1927, confiance 95 %) est donnée à titre de "
                "comparaison. Elle estime la part de pour parmi les {base}, avec une prudence d’autant plus grande "
                "que les avis sont peu nombreux. Elle ne change pas le rang.",
                where=where,
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


# What a quota limits.
_QUOTAS: Final[Mapping[Voting, str]] = {
    Voting.OPINIONS: "Une personne dit pour au plus {quota} fois ; contre et abstention ne sont pas limités.",
    Voting.APPROVAL: "Une personne en soutient au plus {quota}.",
    Voting.RANKING: "Une personne en classe au plus {quota}.",
}


def _votes(themes: Sequence[FrozenTheme]) -> Iterable[str]:
    """How people vote, with the limits and the mentions of each theme."""

    def rules(theme: FrozenTheme) -> tuple[Voting, int, tuple[str, ...]]:
        return theme.voting, theme.quota, theme.mentions

    usual: tuple[Voting, int, tuple[str, ...]] = (Voting.OPINIONS, 0, ())
    for (voting, quota, mentions), where in _alike(themes, rules, usual):
        yield where + fr(_KINDS[voting][0])
        if quota:
            yield fr(_QUOTAS[voting], quota=shown(quota))
        if mentions:
            yield fr("Mentions, de la pire à la meilleure : {mentions}.", mentions=", ".join(mentions))


def _orders(rankings: Sequence[Ranking]) -> Iterable[str]:
    """What decides the rank: the method that gave it, which is not the declared one where duels are not published."""
    by_theme = {ranking.theme.number: _order(ranking) for ranking in rankings}
    usual = _KINDS[Voting.OPINIONS][1]
    for words, where in _alike([ranking.theme for ranking in rankings], lambda theme: by_theme[theme.number], usual):
        yield where + fr(words)


def _order(ranking: Ranking) -> str:
    if ranking.primary is not Lens.PLACED:
        return _KINDS[ranking.theme.voting][1]
    if ranking.too_many_to_compare:
        return (
            "Nombre de personnes qui classent la proposition : les propositions sont trop nombreuses pour être "
            "comparées deux à deux."
        )
    return (
        "Nombre de personnes qui classent la proposition : leurs duels ne sont pas publiés, pour que personne n’y lise "
        "l’ordre de quelqu’un."
    )


R = TypeVar("R")


def _alike(themes: Sequence[FrozenTheme], rule: Callable[[FrozenTheme], R], usual: R) -> Iterable[tuple[R, str]]:
    """Each rule of these themes in their order, with the themes that have it unless all do; the usual one for none."""
    having: dict[R, list[FrozenTheme]] = {}
    for theme in themes:
        having.setdefault(rule(theme), []).append(theme)
    if not having:
        yield usual, ""
    for each, some in having.items():
        yield each, _where(some, themes)


def _sealing(themes: Sequence[FrozenTheme]) -> str:
    sealed = [theme for theme in themes if theme.sealed]
    if len(sealed) == len(themes):
        return fr("Aucun résultat n’est visible avant la clôture des votes.")
    if not sealed:
        return fr("Les résultats sont visibles pendant les votes.")
    return fr(
        "{themes} : aucun résultat n’est visible avant la clôture des votes. {others} : les résultats sont visibles "
        "pendant les votes.",
        themes=capital(themes_named(sealed)),
        others=capital(themes_named([theme for theme in themes if not theme.sealed])),
    )


def _quorums(themes: Sequence[FrozenTheme]) -> str:
    quorums = {theme.quorum for theme in themes}
    if quorums <= {0}:
        return fr("Aucun : toutes les propositions qui ont reçu un vote sont classées.")
    apart = "En dessous, la proposition est présentée à part, non classée."
    # Only opinions have abstentions.
    counts = ", abstentions comprises" if any(theme.voting is Voting.OPINIONS for theme in themes) else ""
    if len(quorums) == 1:
        return f"{_voters(quorums.pop())} au moins{counts}. {apart}"
    each = fr(" ; ").join(
        f"{themes_named((theme,))}, {_voters(theme.quorum) if theme.quorum else 'aucun'}" for theme in themes
    )
    return fr("Au moins{counts} : {each}. {apart}", counts=counts, each=each, apart=apart)


def _voters(quorum: int) -> str:
    return counted(quorum, "votant", "votants")


def _making(snapshot: Snapshot, rankings: Sequence[Ranking]) -> Iterable[Entry]:
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
                "redonnent le même document, octet pour octet. Elles se téléchargent là où se télécharge ce document"
                "{ranks}.",
                moment=local_moment(snapshot.taken_at),
                ranks=_recomputed(rankings),
            )
        ),
    )


def _recomputed(rankings: Sequence[Ranking]) -> str:
    """Which ranks of this document the frozen data give again."""
    if not any(ranking.results for ranking in rankings):
        return ""
    but = ", sauf le choix des propositions phares, qui demande les votes entiers"
    return fr(" : chaque rang s’y recalcule") + (but if any(Lens.SLATE in each.methods for each in rankings) else "")


def _limits() -> tuple[str, ...]:
    return (
        "Les personnes qui participent sont volontaires. Elles ne forment pas un échantillon représentatif.",
        "Un classement mesure l’accord de ces personnes sur une formulation. Il ne mesure ni l’urgence ni le coût.",
        "Les propositions déposées tard ont pu être vues par moins de monde.",
        "Deux propositions proches peuvent se partager les avis.",
    )
