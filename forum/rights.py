"""What may each kind of person do? One table, action by standing: the program decides by it, the help page and
`docs/rights.md` show it, the tests check it over HTTP.

The table knows people only. When an action is open (the schedule) and what it is done to (one's own words, an open
proposal) is decided in `permissions.py`, the only file that reads a cell to decide.
"""

from collections.abc import Iterable, Mapping
from enum import Enum


class Standing(Enum):
    """What somebody is in relation to the thing that they ask for. They may be several at once: an agent who
    moderates."""

    VISITOR = "visitor"
    UNCONFIRMED = "unconfirmed"
    MEMBER = "member"
    MODERATOR = "moderator"
    OTHER_MODERATOR = "other moderator"
    AGENT = "agent"
    ADMINISTRATOR = "administrator"
    SUSPENDED = "suspended"
    WITHOUT_FACTOR = "without factor"


class Cell(Enum):
    """What the table says of an action and a standing, by the letter that it is written with below."""

    ALLOWED = "✓"
    SIGN_IN = "L"
    REFUSED = "F"
    HIDDEN = "N"
    BARRED = "B"
    """A bar: refused whatever else the person is, unless a setting lifts it. An agent who moderates is still an
    agent."""


class Action(Enum):
    """What people do, in the order in which the table shows it."""

    READ = "read"
    READ_SEALED_TALLIES = "read sealed tallies"
    READ_OWN_BALLOT = "read own ballot"
    READ_OTHER_BALLOTS = "read other ballots"
    READ_WAITING_TAGS = "read waiting tags"
    CONTRIBUTE = "contribute"
    EDIT_OWN_POST = "edit own post"
    EDIT_OTHER_POST = "edit other post"
    WITHDRAW_OWN_POST = "withdraw own post"
    WITHDRAW_OTHER_POST = "withdraw other post"
    PUT_POST_BACK = "put post back"
    PROPOSE = "propose"
    PROPOSE_FROM_OWN_POST = "propose from own post"
    PROPOSE_FROM_OTHER_POST = "propose from other post"
    EDIT_OWN_PROPOSAL = "edit own proposal"
    EDIT_OTHER_PROPOSAL = "edit other proposal"
    HARVEST_OWN_POST = "harvest own post"
    HARVEST_OTHER_POST = "harvest other post"
    WITHDRAW_OWN_PROPOSAL = "withdraw own proposal"
    WITHDRAW_OTHER_PROPOSAL = "withdraw other proposal"
    SET_ASIDE = "set aside"
    VOTE = "vote"
    MODERATE = "moderate"
    ARRANGE_THREADS = "arrange threads"
    ENTER_RECEIVED = "enter received"
    NOTIFY = "notify"
    READ_NOTICES = "read notices"
    HIDE = "hide"
    READ_OTHER_PENDING = "read other pending"
    READ_OTHER_DECISION = "read other decision"
    CONTEST = "contest"
    CONTEST_NOTICE = "contest notice"
    ANSWER_COMPLAINT = "answer complaint"
    SCHEDULE = "schedule"
    ANSWER = "answer"
    COMPILE = "compile"
    WRITE_SYNTHESIS = "write synthesis"
    PUBLISH = "publish"
    READ_NOTIFICATIONS = "read notifications"
    MARK_READ = "mark read"
    KEEP_DRAFTS = "keep drafts"
    FOLLOW = "follow"
    STOP_MAILS = "stop mails"
    KEEP_ACCOUNT = "keep account"
    ADMINISTER = "administer"
    CORRECT_PERSON = "correct person"
    EXCLUDE_VOTES = "exclude votes"
    OPERATE = "operate"
    READ_ADDRESS = "read address"
    READ_JOURNAL = "read journal"


# An, Nc, M, MA, MB, Ag, Ad, Su, 2F: the standings in their order.
_WRITTEN = {
    Action.READ: "✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    # Nobody, so that no vote is influenced; the schedule makes tallies public to everybody at once.
    Action.READ_SEALED_TALLIES: "N N N N N N N N N",
    Action.READ_OWN_BALLOT: "N ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    Action.READ_OTHER_BALLOTS: "N N N N N N N N N",
    Action.READ_WAITING_TAGS: "N N N ✓ N N ✓ N N",
    Action.CONTRIBUTE: "L F ✓ ✓ ✓ ✓ ✓ F F",
    Action.EDIT_OWN_POST: "L F ✓ ✓ ✓ ✓ ✓ F F",
    Action.EDIT_OTHER_POST: "L F F F F F F F F",
    # A protection of whoever wrote, not a participation: whatever their standing, it is theirs.
    Action.WITHDRAW_OWN_POST: "L ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    Action.WITHDRAW_OTHER_POST: "L F F F F F F F F",
    Action.PUT_POST_BACK: "L F ✓ ✓ ✓ ✓ ✓ F F",
    Action.PROPOSE: "L F ✓ ✓ ✓ ✓ ✓ F F",
    Action.PROPOSE_FROM_OWN_POST: "L F ✓ ✓ ✓ ✓ ✓ F F",
    Action.PROPOSE_FROM_OTHER_POST: "L F F ✓ F F ✓ F F",
    Action.EDIT_OWN_PROPOSAL: "L F ✓ ✓ ✓ ✓ ✓ F F",
    Action.EDIT_OTHER_PROPOSAL: "L F F F F F F F F",
    Action.HARVEST_OWN_POST: "L F ✓ ✓ ✓ ✓ ✓ F F",
    Action.HARVEST_OTHER_POST: "L F F ✓ F F ✓ F F",
    Action.WITHDRAW_OWN_PROPOSAL: "L F ✓ ✓ ✓ ✓ ✓ F F",
    Action.WITHDRAW_OTHER_PROPOSAL: "L F F F F F F F F",
    Action.SET_ASIDE: "L F F ✓ F F ✓ F F",
    Action.VOTE: "L F ✓ ✓ ✓ B B F F",
    Action.MODERATE: "L F F ✓ F F ✓ F F",
    Action.ARRANGE_THREADS: "L F F ✓ F F ✓ F F",
    Action.ENTER_RECEIVED: "L F F ✓ F F ✓ F F",
    # The law grants it to anybody, with or without an account (DSA, article 16).
    Action.NOTIFY: "✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    Action.READ_NOTICES: "L F F ✓ F F ✓ F F",
    Action.HIDE: "L F F ✓ F F ✓ F F",
    Action.READ_OTHER_PENDING: "L N N ✓ N N ✓ N N",
    # Its author follows the link of a mail, perhaps signed out: a visitor is asked to sign in, not told that it is not
    # there.
    Action.READ_OTHER_DECISION: "L N N ✓ N N ✓ N N",
    # To each person whose words were decided about, whatever their standing (DSA, articles 17 and 20).
    Action.CONTEST: "L ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    # To whoever notified, with or without an account (DSA, article 20).
    Action.CONTEST_NOTICE: "✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    Action.ANSWER_COMPLAINT: "L F F ✓ F F ✓ F F",
    Action.SCHEDULE: "L F F F F ✓ ✓ F F",
    Action.ANSWER: "L F F F F ✓ ✓ F F",
    Action.COMPILE: "N N N N N ✓ ✓ N N",
    Action.WRITE_SYNTHESIS: "N N N N N ✓ ✓ N N",
    Action.PUBLISH: "L F F F F ✓ ✓ F F",
    Action.READ_NOTIFICATIONS: "L ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    Action.MARK_READ: "L ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    # Nothing of it is published: words typed before a suspension are not lost.
    Action.KEEP_DRAFTS: "L ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    Action.FOLLOW: "L ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    # By the link of a mail, signed in or not (RFC 8058).
    Action.STOP_MAILS: "✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    # The law grants it to each person, whatever their standing here (GDPR, articles 15 to 17 and 20).
    Action.KEEP_ACCOUNT: "L ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓",
    Action.ADMINISTER: "L F F F F F ✓ F F",
    Action.CORRECT_PERSON: "L F F F F F ✓ F F",
    Action.EXCLUDE_VOTES: "L F F F F F ✓ F F",
    Action.OPERATE: "L F F F F F ✓ F F",
    # One at a time, and the journal notes who looked.
    Action.READ_ADDRESS: "N N N N N N ✓ N N",
    Action.READ_JOURNAL: "N N N ✓ N ✓ ✓ N N",
}
TABLE: Mapping[Action, Mapping[Standing, Cell]] = {
    action: dict(zip(Standing, map(Cell, letters.split()), strict=True)) for action, letters in _WRITTEN.items()
}

LABELS: Mapping[Enum, str] = {
    Action.READ: "Lire les thèmes, les fils, les propositions, les réunions et les synthèses publiées",
    Action.READ_SEALED_TALLIES: "Voir les résultats d’un vote scellé avant sa clôture",
    Action.READ_OWN_BALLOT: "Revoir ses propres votes",
    Action.READ_OTHER_BALLOTS: "Voir le vote d’une autre personne",
    Action.READ_WAITING_TAGS: "Voir une étiquette de réunion à confirmer, posée par une autre personne",
    Action.CONTRIBUTE: "Ouvrir un fil, répondre, citer",
    Action.EDIT_OWN_POST: "Modifier ses propres contributions",
    Action.EDIT_OTHER_POST: "Modifier les contributions d’une autre personne",
    Action.WITHDRAW_OWN_POST: "Retirer ses propres contributions",
    Action.WITHDRAW_OTHER_POST: "Retirer les contributions d’une autre personne",
    Action.PUT_POST_BACK: "Afficher de nouveau ses propres contributions retirées",
    Action.PROPOSE: "Faire une proposition",
    Action.PROPOSE_FROM_OWN_POST: "Tirer une proposition de ses propres contributions",
    Action.PROPOSE_FROM_OTHER_POST: "Tirer une proposition des contributions d’une autre personne",
    Action.EDIT_OWN_PROPOSAL: "Modifier ses propres propositions",
    Action.EDIT_OTHER_PROPOSAL: "Modifier les propositions d’une autre personne",
    Action.HARVEST_OWN_POST: "Retenir des mots de ses propres contributions, par exemple comme arguments",
    Action.HARVEST_OTHER_POST: "Retenir des mots d’une autre personne, dire qu’une contribution est traitée",
    Action.WITHDRAW_OWN_PROPOSAL: "Retirer ses propres propositions",
    Action.WITHDRAW_OTHER_PROPOSAL: "Retirer les propositions d’une autre personne",
    Action.SET_ASIDE: "Écarter une proposition, la reprendre, dire qu’une modification ne fait que corriger",
    Action.VOTE: "Voter, changer ou retirer son vote",
    Action.MODERATE: "Enregistrer une réunion, son compte rendu et ses étiquettes",
    Action.ARRANGE_THREADS: "Renommer, verrouiller, épingler un fil, le changer de thème, déplacer ses contributions",
    Action.ENTER_RECEIVED: "Saisir des contributions reçues hors du site, effacer le nom de leur auteur",
    Action.NOTIFY: "Signaler une contribution, une proposition, un compte rendu ou une réponse de l’administration",
    Action.READ_NOTICES: "Lire les signalements et les signaux de mobilisation, se charger d’un dossier",
    Action.HIDE: "Masquer ce qui se signale, ou un passage, accepter ou refuser ce qui attend",
    Action.READ_OTHER_PENDING: "Lire une contribution d’une autre personne en attente de relecture",
    Action.READ_OTHER_DECISION: "Lire une décision de modération sur les mots d’une autre personne",
    Action.CONTEST: "Lire et contester une décision de modération sur ses propres mots",
    Action.CONTEST_NOTICE: "Contester qu’il n’a rien été fait de son signalement",
    Action.ANSWER_COMPLAINT: "Répondre à une réclamation contre la décision d’une autre personne",
    Action.SCHEDULE: "Fixer le calendrier, clore les votes",
    Action.ANSWER: "Répondre officiellement à une proposition, inscrire un engagement",
    Action.COMPILE: "Demander une synthèse, lire celles qui ne sont pas publiées",
    Action.WRITE_SYNTHESIS: "Écrire dans une synthèse avant sa publication, lire les versions de ses textes",
    Action.PUBLISH: "Publier une synthèse, déposer sa signature",
    Action.READ_NOTIFICATIONS: "Lire ses notifications",
    Action.MARK_READ: "Voir ce que l’on n’a pas encore lu, et noter jusqu’où l’on a lu un fil",
    Action.KEEP_DRAFTS: "Garder des brouillons de contributions, les lire, les supprimer",
    Action.FOLLOW: "Suivre un thème, un fil, une proposition, une réunion, choisir ses courriels",
    Action.STOP_MAILS: "Ne plus recevoir de courriels de nouveautés, par le lien de l’un d’eux",
    Action.KEEP_ACCOUNT: "Voir et corriger son compte, exporter ses données, effacer son compte",
    Action.ADMINISTER: "Voir les comptes, donner un rôle, suspendre, inviter",
    Action.CORRECT_PERSON: "Corriger le nom ou l’organisation d’une autre personne",
    Action.EXCLUDE_VOTES: "Écarter les votes d’une personne, sans les voir",
    Action.OPERATE: "Voir l’état du site, envoyer tout de suite les courriels en attente",
    Action.READ_ADDRESS: "Voir l’adresse électronique d’une autre personne, ce qui est inscrit au journal",
    Action.READ_JOURNAL: "Lire le journal",
    Standing.VISITOR: "Visiteur",
    Standing.UNCONFIRMED: "Membre non confirmé",
    Standing.MEMBER: "Membre",
    Standing.MODERATOR: "Modérateur du groupe",
    Standing.OTHER_MODERATOR: "Modérateur d’un autre groupe",
    Standing.AGENT: "Agent",
    Standing.ADMINISTRATOR: "Administrateur",
    Standing.SUSPENDED: "Membre suspendu",
    Standing.WITHOUT_FACTOR: "Responsable sans double authentification",
    Cell.ALLOWED: "oui",
    Cell.SIGN_IN: "se connecter",
    Cell.REFUSED: "non",
    Cell.HIDDEN: "caché",
    Cell.BARRED: "non, sauf réglage",
}
MEANINGS: Mapping[Cell, str] = {
    Cell.ALLOWED: "La personne peut le faire, quand le calendrier du thème et l’état de la chose le permettent aussi.",
    Cell.SIGN_IN: "Le site demande de se connecter d’abord.",
    Cell.REFUSED: "Le site refuse et dit pourquoi.",
    Cell.HIDDEN: "Le site répond comme si la chose n’existait pas.",
    Cell.BARRED: "Le site refuse, même à qui est aussi modérateur, sauf si le réglage de la consultation l’ouvre.",
}

# People whose account is restricted are told so, rather than what others could do.
HELD_BACK: Mapping[Standing, str] = {
    Standing.UNCONFIRMED: "Confirmez d’abord votre adresse électronique.",
    Standing.SUSPENDED: "Votre compte est suspendu.",
    Standing.WITHOUT_FACTOR: ("Activez d’abord la double authentification, dans votre compte : votre rôle la demande."),
}
# Why an action is not for people of that standing.
REASONS: Mapping[Action, str] = {
    Action.EDIT_OTHER_POST: "Seul l’auteur d’une contribution peut la modifier.",
    Action.WITHDRAW_OTHER_POST: "Seule la personne qui a écrit une contribution peut la retirer.",
    Action.PROPOSE_FROM_OTHER_POST: "Seuls son auteur et les modérateurs du groupe peuvent en faire une proposition.",
    Action.EDIT_OTHER_PROPOSAL: "Seul l’auteur d’une proposition peut la modifier.",
    Action.HARVEST_OTHER_POST: "Seuls les modérateurs du groupe retiennent les mots d’une autre personne.",
    Action.WITHDRAW_OTHER_PROPOSAL: "Seul l’auteur d’une proposition peut la retirer.",
    Action.SET_ASIDE: "Seuls les modérateurs de ce groupe de travail peuvent le faire.",
    Action.VOTE: "Les agents et les administrateurs ne votent pas.",
    Action.MODERATE: "Seuls les modérateurs de ce groupe de travail peuvent le faire.",
    Action.ARRANGE_THREADS: "Seuls les modérateurs de ce groupe de travail peuvent le faire.",
    Action.ENTER_RECEIVED: "Seule l’équipe de modération de ce groupe de travail peut le faire.",
    Action.READ_NOTICES: "Seule l’équipe de modération de ce groupe de travail lit les signalements.",
    Action.HIDE: "Seule l’équipe de modération de ce groupe de travail peut le faire.",
    Action.ANSWER_COMPLAINT: "Seule l’équipe de modération de ce groupe de travail répond aux réclamations.",
    Action.SCHEDULE: "Seuls les agents de l’administration fixent le calendrier.",
    Action.ANSWER: "Seuls les agents de l’administration répondent aux propositions.",
    Action.PUBLISH: "Seuls les agents de l’administration publient une synthèse.",
    Action.ADMINISTER: "Seuls les administrateurs gèrent les comptes.",
    Action.CORRECT_PERSON: "Seuls les administrateurs corrigent le nom d’une autre personne.",
    Action.EXCLUDE_VOTES: "Seuls les administrateurs écartent des votes.",
    Action.OPERATE: "Seuls les administrateurs voient l’état du site.",
}

# From the worst answer to the best: of several standings the best one counts, but a bar holds whatever the others.
_BEST_LAST = (Cell.HIDDEN, Cell.SIGN_IN, Cell.REFUSED, Cell.ALLOWED, Cell.BARRED)


def cell_of(action: Action, standings: Iterable[Standing]) -> Cell:
    """What the table says of an action for somebody who is all of these."""
    return max((TABLE[action][standing] for standing in standings), key=_BEST_LAST.index)
