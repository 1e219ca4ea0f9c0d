"""By which rules was it done, by whom, and what does it not prove? The chapter of the method.

Other chapters are in `outlines`.
"""

from collections.abc import Iterable, Sequence

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
from forum.domain.outline_words import (
    counted,
    fr,
    local_moment,
    text,
)
from forum.domain.snapshots import (
    Snapshot,
    Theme,
    Window,
)


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


def _calendar(themes: Sequence[Theme]) -> Block:
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


def _window(window: Window | None) -> str:
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
        "Vote",
        text(
            fr(
                "Une personne inscrite dispose d’un avis par proposition : pour, abstention ou contre. Elle peut le "
                "changer ou le retirer jusqu’à la clôture. Ne pas voter n’est pas s’abstenir."
            )
        ),
    )
    yield Entry("Secret", text(_sealing(snapshot.themes)))
    yield Entry(
        "Classement",
        text(
            fr(
                "Soutien net : nombre de pour moins nombre de contre. Les ex æquo partagent un rang et se suivent "
                "dans l’ordre de leurs références, qui ne dit rien de leur valeur."
            )
        ),
    )
    yield Entry("Seuil", text(_quorums(snapshot.themes)))
    base = (
        "votants, abstentions comprises" if method.abstentions_in_wilson else "suffrages exprimés, abstentions exclues"
    )
    yield Entry(
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
    yield Entry(
        "Calcul",
        text(fr("Nombres entiers et fractions exactes ; les arrondis ne servent qu’à l’affichage.")),
    )


def _sealing(themes: Sequence[Theme]) -> str:
    sealed = [str(theme.number) for theme in themes if theme.sealed]
    if len(sealed) == len(themes):
        return fr("Aucun résultat n’est visible avant la clôture des votes.")
    if not sealed:
        return fr("Les résultats étaient visibles pendant les votes.")
    return fr(
        "Aucun résultat n’est visible avant la clôture des votes pour les thèmes suivants : {numbers}.",
        numbers=", ".join(sealed),
    )


def _quorums(themes: Sequence[Theme]) -> str:
    quorums = {theme.quorum for theme in themes}
    if quorums <= {0}:
        return fr("Aucun : toutes les propositions soumises au vote sont classées.")
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
