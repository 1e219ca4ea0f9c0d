"""Snapshots and the files made of them: the 2019 thread with votes, many proposals, nothing, the worst words."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from forum.documents.formats import FORMATS
from forum.documents.outline import Outline
from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.snapshots import (
    DayCount,
    FrozenCell,
    FrozenConsultation,
    FrozenGroups,
    FrozenMeeting,
    FrozenProposal,
    FrozenQuestion,
    FrozenTheme,
    FrozenThread,
    FrozenWindow,
    Participation,
    Reason,
    Said,
    Snapshot,
    Source,
    SynthesisKind,
    ThemeCount,
    Verbatim,
)
from forum.domain.syntheses.written import NOTHING, WrittenBlock, WrittenQuote, WrittenWords
from forum.models.proposals import IN_FORCE, Origin, ProposalState
from forum.models.syntheses import BlockKind
from forum.models.themes import Voting
from forum.ranking.published import Precision
from forum.ranking.tallies import Tally

BASE_URL = "https://forum.example.org"

QUESTIONS = (
    "Sur quels membres de l’équipe de la bibliothèque s’appuyer pour mettre en place des actions d’inclusion "
    "numérique ?",
    "Comment renforcer la formation des professionnels sur le numérique, sur l’accueil ?",
    "Comment favoriser la professionnalisation des médiateurs numériques au sein des bibliothèques ?",
    "Quelles compétences sont à mobiliser pour mener des actions d’inclusion numérique ?",
    "Faut-il prévoir des formations spécifiques pour l’inclusion numérique ?",
)

TESTIMONY = (
    "Nos tutelles doivent comprendre qu'il faut dorénavant embaucher des MEDIATEURS NUMERIQUES en CDI! Quitte à "
    "prioriser sur ces compétences avant celles de bibliothécaires-gestionaires de collections! Et non plus embaucher "
    "des contrats précaires pour ces compétences qui représentent un vrai métier!\nA Metz, nous avions un "
    "contrat-aidé qui était médiateur numérique : son travail était très apprécié du public en rupture numérique."
)
POLICY = (
    "Proposition -problématique : organiser une politique d'accueil informatique dans les médiathèques. Avec quel "
    "périmètre ? Cette politique d'accueil doit permettre de répondre à : face à une demande d'un usager sur le champ "
    "de l'inclusion numérique, comment on gère , Ce qu'on traite dans la médiathèque, ce qu'on ne traite pas, vers qui "
    "on redirige, etc."
)
FRAMEWORK = (
    "Garantir un cadre d’emploi pour les médiateurs numériques (évolution de carrière possible, mettre fin aux emplois "
    "précaires)"
)
RECRUITING = "Faciliter le recrutement en bibliothèques à d’autres filières professionnelles"
TRAINING = "Rénover et renforcer la place du numérique dans les formations initiales"

HOSTILE_WORDS = (
    '#import "x.typ": *\n#panic("typst")\n$ x^2 $ \\ *gras* _italique_ @ref <label> `raw` ```code```\n'
    "{{ 7 * 7 }} {% for x in y %} {# commentaire #}\n"
    "<script>alert(1)</script><img src=x onerror=alert(1)> &amp; &lt; </section> ]]> <!-- --> \"'\n"
    "![image](/etc/passwd) [lien](javascript:alert(1)) \\input{/etc/passwd} ```{=html}\n"
    "\x00\x01\x08\x0b\x0c\x1b\x7f\x85\ufffe\uffff caractères de contrôle\r\nfin de ligne\n"
    "مرحبا بالعالم، هذه مساهمة \u202eRTL\u202c \u200f \u2066isolé\u2069\n"
    "👍 😀 👩\u200d👩\u200d👧 🇫🇷 日本語 \ue000 e\u0301\u0302\u0303 \U0001f9ff\n"
    '=HYPERLINK("http://x") +1 -1 @SUM(A1)\t;"guillemets"'
)
LONG_WORD = "anticonstitutionnellement" * 4000

_CONSULTATION = FrozenConsultation(
    title="Bibliothèques et inclusion numérique",
    organiser="Ministère de la Culture et Agence du numérique",
    licence="Licence Ouverte 2.0 (Etalab)",
    base_url=BASE_URL,
)
_THEME = FrozenTheme(
    number=3,
    title="Formation et acteurs",
    introduction='Vous pouvez partager ici vos propositions sur la thématique "formation et acteurs".',
    questions=tuple(FrozenQuestion(position, words) for position, words in enumerate(QUESTIONS, start=1)),
    contributions=FrozenWindow("2026-09-30T22:00:00Z", "2026-11-30T23:00:00Z"),
    votes=FrozenWindow("2026-11-14T23:00:00Z", "2026-12-12T17:00:00Z"),
    quorum=3,
)
_MEETING = "GT réunion 1"


def small_snapshot() -> Snapshot:
    """The seed's thread: six posts cited, three proposals in force (two of them tied) and one withdrawn."""
    return Snapshot(
        consultation=_CONSULTATION,
        taken_at="2026-12-12T17:00:05Z",
        kind=SynthesisKind.FINAL,
        engine_version="0.1.0",
        scope=3,
        themes=(_THEME,),
        participation=Participation(
            posts=9,
            known_authors=2,
            unknown_author_posts=7,
            replies=2,
            quotes=1,
            voters=1_234,
            ballots=2_484,
            per_day=(DayCount("2026-10-03", 4), DayCount("2026-10-04", 1), DayCount("2026-10-09", 3)),
            per_theme=(ThemeCount(theme=3, posts=9, proposals=4),),
            posts_treated=4,
            posts_without_follow_up=(Reason("Hors du sujet.", 2), Reason("Déjà proposé.", 1)),
            posts_used=3,
        ),
        threads=(FrozenThread(id=1, title="Propositions et pistes d’actions", theme=3),),
        verbatims=(
            Verbatim(post=2, revision=1, number=2, thread=1, words=TESTIMONY),
            Verbatim(post=3, revision=1, number=3, thread=1, words=POLICY),
            Verbatim(post=5, revision=2, number=5, thread=1, words=RECRUITING, meetings=(_MEETING,)),
        ),
        proposals=(
            FrozenProposal(
                reference="T3-001",
                version=1,
                wording=FRAMEWORK,
                theme=3,
                origin=Origin.POST,
                source=Source(post=6, revision=1, start=0, end=len(FRAMEWORK), words=FRAMEWORK),
                meeting=_MEETING,
                questions=(3,),
                tally=Tally(for_=1_214, against=12, abstain=8),
            ),
            FrozenProposal(
                reference="T3-002",
                version=1,
                wording=RECRUITING,
                theme=3,
                origin=Origin.MEETING,
                meeting=_MEETING,
                tally=Tally(for_=601, against=20, abstain=9),
            ),
            FrozenProposal(
                reference="T3-003",
                version=2,
                wording="Organiser une politique d’accueil informatique dans les médiathèques",
                body=POLICY,
                theme=3,
                origin=Origin.EXTRACT,
                source=Source(post=3, revision=1, start=0, end=len(POLICY), words=POLICY),
                questions=(1, 2),
                tally=Tally(for_=600, against=19, abstain=0),
            ),
            FrozenProposal(
                reference="T3-004",
                version=1,
                wording=TRAINING,
                theme=3,
                origin=Origin.MEMBER,
                state=ProposalState.WITHDRAWN,
                questions=(4,),
                tally=Tally(for_=3, against=5, abstain=1),
            ),
            FrozenProposal(
                reference="T3-005",
                version=1,
                wording="Inscrire dans la loi le travail commun avec les opérateurs",
                theme=3,
                origin=Origin.MEMBER,
                tally=Tally(for_=0, against=1, abstain=0),
            ),
        ),
        meetings=(FrozenMeeting(group="Groupe Formation", number=1, tagged_posts=3, proposals=2),),
    )


def holding(snapshot: Snapshot, proposals: Sequence[FrozenProposal], **changes: Any) -> Snapshot:
    """A snapshot with other proposals, and the ballots cast on them."""
    ballots = sum(p.tally.votants for p in proposals if p.tally and p.state is ProposalState.OPEN)
    participation = replace(snapshot.participation, ballots=ballots)
    return replace(snapshot, proposals=tuple(proposals), participation=participation, **changes)


def withdrawn_snapshot(*, votants: int) -> Snapshot:
    """The small snapshot, with this many ballots on its withdrawn proposal."""
    small = small_snapshot()
    return holding(
        small,
        [
            replace(proposal, tally=Tally(for_=votants)) if proposal.state is ProposalState.WITHDRAWN else proposal
            for proposal in small.proposals
        ],
    )


def draft_snapshot() -> Snapshot:
    """The small snapshot with votes still open: no tally anywhere."""
    final = small_snapshot()
    return replace(
        final,
        kind=SynthesisKind.WORKING_DRAFT,
        consultation=replace(final.consultation, example=True),
        participation=replace(final.participation, voters=None, ballots=None),
        proposals=tuple(replace(proposal, tally=None) for proposal in final.proposals),
    )


def empty_snapshot() -> Snapshot:
    """A consultation that nobody has answered, without a theme."""
    return Snapshot(
        consultation=_CONSULTATION,
        taken_at="2026-12-12T17:00:05Z",
        kind=SynthesisKind.FINAL,
        engine_version="0.1.0",
        themes=(),
        participation=Participation(
            posts=0, known_authors=0, unknown_author_posts=0, replies=0, quotes=0, voters=0, ballots=0
        ),
    )


MENTIONS = ("À rejeter", "Passable", "Bonne", "Très bonne", "Excellente")


def judged_snapshot() -> Snapshot:
    """The small snapshot voted on by majority judgment: the median of T3-002 is "Très bonne", that of T3-001 "Bonne";
    one merged, one set aside."""
    small = small_snapshot()
    said = {"T3-001": (0, 1, 4, 2, 1), "T3-002": (2, 0, 0, 1, 3), "T3-003": (4, 1, 0, 0, 0)}
    proposals = [
        replace(
            proposal,
            tally=None,
            said=_mentions(said.get(proposal.reference, ())),
            pending=2 if proposal.reference == "T3-001" else 0,
            cells=(FrozenCell("consensus-professions", "Bibliothécaire", 3, 6, Precision.EXACT),)
            if proposal.reference == "T3-002"
            else (),
        )
        for proposal in small.proposals
    ]
    joined = replace(proposals[0], reference="T3-008", state=ProposalState.MERGED, other="T3-001", said=(), pending=0)
    aside = replace(
        joined, reference="T3-009", state=ProposalState.SET_ASIDE, other=None, state_reason="Hors du sujet."
    )
    theme = replace(
        small.themes[0],
        voting=Voting.JUDGMENT,
        mentions=MENTIONS,
        quorum=0,
        picks=("T3-002", "T3-001"),
        groups=(FrozenGroups("consensus-professions", ("Bibliothécaire", "Élu ou élue", "")),),
    )
    return _counted(replace(small, themes=(theme,)), [*proposals, joined, aside])


def _mentions(ballots: Sequence[int]) -> tuple[Said, ...]:
    return tuple(Said(mention, many) for mention, many in enumerate(ballots) if many)


def ordered_snapshot() -> Snapshot:
    """The small snapshot voted on by ranks: five voters, T3-001 wins each duel by 3 to 2."""
    small = small_snapshot()
    said = {"T3-001": ((1, 3), (3, 2)), "T3-002": ((2, 5),), "T3-003": ((1, 2), (3, 3)), "T3-005": ((4, 1),)}
    proposals = [
        replace(proposal, tally=None, said=tuple(Said(*each) for each in said.get(proposal.reference, ())))
        for proposal in small.proposals
    ]
    theme = replace(
        small.themes[0],
        voting=Voting.RANKING,
        quorum=0,
        compared=("T3-001", "T3-002", "T3-003", "T3-005"),
        preferred=((0, 3, 3, 5), (2, 0, 3, 5), (2, 2, 0, 5), (0, 0, 0, 0)),
    )
    return _counted(replace(small, themes=(theme,)), proposals)


def _counted(snapshot: Snapshot, proposals: Sequence[FrozenProposal]) -> Snapshot:
    """The snapshot with these proposals; its figures count those in force."""
    ballots = sum(proposal.votants for proposal in proposals if proposal.state in IN_FORCE)
    participation = replace(snapshot.participation, ballots=ballots)
    return replace(snapshot, proposals=tuple(proposals), participation=participation)


def large_snapshot(size: int) -> Snapshot:
    """A whole consultation of three themes with `size` proposals, one verbatim for each five."""
    titles = ("Rôle et missions des bibliothèques", "Repérer et toucher les publics", "Formation et acteurs")
    themes = tuple(replace(_THEME, number=n, title=title) for n, title in enumerate(titles, start=1))
    wordings = (FRAMEWORK, RECRUITING, TRAINING, "Installer des dispositifs pérennes", TESTIMONY[:180])
    proposals = tuple(_numbered_proposal(number, wordings[number % 5]) for number in range(size))
    days = tuple(DayCount(f"2026-10-{day:02}", (day * 7) % 13 + 1) for day in range(1, 31))
    voters = 40 + size
    return replace(
        small_snapshot(),
        scope=None,
        themes=themes,
        participation=Participation(
            posts=sum(day.posts for day in days),
            known_authors=57,
            unknown_author_posts=9,
            replies=31,
            quotes=12,
            voters=voters,
            ballots=sum(p.tally.votants for p in proposals if p.tally and p.state is ProposalState.OPEN),
            per_day=days,
            per_theme=tuple(ThemeCount(n, 40 + 11 * n, size // 3) for n in (1, 2, 3)),
            posts_used=size // 3,
        ),
        threads=tuple(FrozenThread(id=n, title=f"Pistes d’actions du thème {n}", theme=n) for n in (1, 2, 3)),
        verbatims=tuple(
            Verbatim(
                post=number + 1,
                revision=1,
                number=number + 2,
                thread=number % 3 + 1,
                words=(TESTIMONY, POLICY, FRAMEWORK)[number % 3],
                written_at="2026-10-04T08:00:00Z",
                meetings=(_MEETING,) if number % 4 == 0 else (),
            )
            for number in range(0, size, 5)
        ),
        proposals=proposals,
        meetings=tuple(FrozenMeeting("Groupe Formation", n, "2026-10-06", "Metz", n, 2 * n) for n in (1, 2, 3)),
    )


def _numbered_proposal(number: int, wording: str) -> FrozenProposal:
    theme = number % 3 + 1
    return FrozenProposal(
        reference=f"T{theme}-{number // 3 + 1:03}",
        version=1,
        wording=wording,
        body=POLICY if number % 7 == 0 else "",
        theme=theme,
        origin=Origin.MEETING if number % 4 == 0 else Origin.EXTRACT,
        source=None if number % 4 == 0 else Source(post=number + 1, revision=1, start=0, end=9, words=wording[:9]),
        meeting=f"GT réunion {number % 3 + 1}" if number % 4 == 0 else None,
        questions=(number % 4 + 1,),
        state=ProposalState.WITHDRAWN if number % 17 == 16 else ProposalState.OPEN,
        tally=Tally(for_=(number * 37) % 90, against=(number * 11) % 40, abstain=(number * 5) % 15),
    )


def hostile_snapshot() -> Snapshot:
    """A snapshot with hostile words in every place that a person can fill."""
    small = small_snapshot()
    worst = HOSTILE_WORDS
    return holding(
        small,
        (
            replace(small.proposals[0], wording=worst, body=worst, meeting=worst),
            replace(small.proposals[1], wording=LONG_WORD[:300]),
        ),
        consultation=replace(small.consultation, title=worst, organiser=worst, licence=worst),
        themes=(
            replace(
                small.themes[0],
                title=worst,
                introduction=worst,
                questions=(FrozenQuestion(1, worst), FrozenQuestion(2, "?")),
            ),
        ),
        threads=(FrozenThread(id=1, title=worst, theme=3),),
        verbatims=(
            Verbatim(post=2, revision=1, number=2, thread=1, words=worst, meetings=(worst,)),
            Verbatim(post=3, revision=1, number=3, thread=1, words=LONG_WORD),
        ),
        meetings=(FrozenMeeting(group=worst, number=1, place=worst),),
    )


def judged_words() -> WrittenWords:
    """What people write with the judged sample: a block of each kind, with all that Markdown sets."""
    words = {
        BlockKind.ESSENTIALS: "Les professionnels demandent **un cadre** et une *politique écrite* : rien d’autre.",
        BlockKind.INTRODUCTION: "Pourquoi.\n\n## Comment\n\n1. Un débat\n   - en ligne\n2. Un vote\n\n"
        "| Étape | Durée |\n|---|---|\n| Votes | deux semaines |",
        BlockKind.CONVERGENCES: "Tous le disent.\n\n{{citation 1@1 0-6}}\n\n> Une phrase à part.",
        BlockKind.DIVERGENCES: "Voir [la page](/themes/3), [ici](#contexte) et https://forum.example.org/a ; ~~non~~.",
        BlockKind.MINORITY: "Une ligne,\npuis une autre.\n\n```\ndu code\n```",
        BlockKind.CONCLUSION: "La suite.",
    }
    quote = WrittenQuote(1, 1, 0, 6, "Former")
    blocks = [
        WrittenBlock(kind, "", 1, source, (quote,) if "citation" in source else ()) for kind, source in words.items()
    ]
    reference = judged_snapshot().proposals[0].reference
    blocks.insert(-1, WrittenBlock(BlockKind.COMMENT, reference, 2, "Elle rejoint un **plan**."))
    return WrittenWords(tuple(blocks))


SAMPLES: dict[str, Callable[[], Snapshot]] = {
    "small": small_snapshot,
    "draft": draft_snapshot,
    "empty": empty_snapshot,
    "hostile": hostile_snapshot,
    "large": lambda: large_snapshot(50),
    "judged": judged_snapshot,
    "ordered": ordered_snapshot,
}


def outline_in(sample: str) -> Outline:
    """The outline of a sample; the judged one has words that people wrote."""
    return outline_of(SAMPLES[sample](), judged_words() if sample == "judged" else NOTHING)


_made: dict[tuple[str, str], bytes] = {}


def made(sample: str, name: str) -> bytes:
    """A file, made once for all tests that look at it."""
    if (sample, name) not in _made:
        _made[sample, name] = FORMATS[name].render(outline_in(sample))
    return _made[sample, name]
