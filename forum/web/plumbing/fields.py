"""What is each field of a form called, and each filter of an address? One word for one thing, in French like addresses.

The domain names the same fields when it refuses what they hold. `tests/web/test_fields.py` holds the forms of the
templates, the doors and the domain to this table. Repeated lines have numbered fields: `ligne-3`, `engagement-1`.
"""

import re
from typing import Final

FIELDS: Final = {
    # Requests
    "acte": "the button that was pressed",
    "confirmation": "that what cannot be undone is wanted: ticked, or typed in words",
    "vu": "the mark of what the page showed, which somebody may have changed since",
    "vues": "the notices that the page showed",
    "lus": "threads, each as far as the page showed it: `12-34`",
    "cle": "of this form alone: what it sends twice is published once",
    "brouillon": "the draft that the page shows, at its version: `12@3`",
    "version": "the version that the page showed: of a proposal, a draft, a contribution, the charter",
    "remplace": "that the page showed beside the form what it would replace",
    "suite": "the page to go to afterwards",
    "aussi": "which sessions end with the others",
    # Words
    "source": "a contribution, or minutes, as written",
    "titre": "of a thread",
    "explication": "what somebody notifies, contests or answers, in their words",
    "mots": "words of a contribution, or what is looked for",
    "pres": "where they begin, when the contribution holds them twice",
    "tout": "that the whole contribution is meant",
    "passage": "of a contribution or a proposal, as it is read",
    "citation": "the mark of a quote",
    "en_reponse_a": "the contribution that is answered",
    "motif": "why: read by those whom the act concerns, kept in the journal",
    "formulation": "of a proposal, in a sentence",
    "expose_des_motifs": "why and how, under the formulation",
    "questions": "the guiding questions that a proposal answers",
    "ligne": "of minutes, or a contribution received elsewhere, numbered",
    "garder": "what becomes of it, numbered",
    "lignes": "all of them together",
    "decoupe": "how many contributions a text holds",
    "origine": "the way by which a contribution came that was received elsewhere; numbered beside `ligne`",
    "voie": "which other way",
    "doubles": "how many with the same words and day the page told of, numbered",
    "fichier": "a file in the place of pasted words",
    "liste": "people to invite, pasted",
    # Things
    "theme": "by number",
    "fil": "by number",
    "numeros": "of contributions in their thread, such as `12, 15-20`",
    "proposition": "by reference",
    "autre": "the other proposition of a pair",
    "destination": "the proposition that another is merged into",
    "au_profit_de": "the proposition in whose favour another is withdrawn",
    "reunion": "by number; of a search, by that of its page",
    "groupe": "a working group, by number",
    "groupes": "working groups that somebody moderates",
    "contributions": "that are ticked",
    "propositions": "that are ticked",
    "selection": "all that is ticked together",
    "etiquettes": "tags that are ticked",
    "nature": "of an extract",
    "objet": "kind of thing in the journal",
    "numero": "of a meeting, or of a thing in the journal",
    # Votes and answers
    "avis": "what a ballot says",
    "enchainer": "that the next proposal of the booth is wanted",
    "decision": "of the administration",
    "service": "who answers for the administration",
    "decide_le": "the day of the decision",
    "engagement": "what the administration binds itself to do, numbered",
    "echeance": "by when; numbered beside `engagement`",
    "tenu_le": "the day on which it was done",
    "realisation": "what was done",
    # Moderation
    "regle": "that is broken, of those that a notice or a decision names",
    "mesure": "what moderators decide",
    "issue": "of a complaint",
    "titre_aussi": "that the title of the thread is hidden too",
    "instant": "when the form was made, sealed",
    "site": "left empty by people, filled by programs",
    # Schedules and meetings
    "ouverture_des_contributions": "a moment",
    "cloture_des_contributions": "a moment",
    "ouverture_des_votes": "a moment",
    "cloture_des_votes": "a moment",
    "saison": "summer or winter time of moments whose hour comes twice, or not at all: `cloture_des_votes ete`",
    "scelle": "that no result is seen before the close",
    "mode_de_vote": "what ballots say",
    "mentions": "of a judgment, a line each",
    "quota": "of supports",
    "date": "of a meeting, or of the receipt of a contribution; numbered beside `ligne`",
    "lieu": "of a meeting",
    "presents": "who was there",
    # People
    "nom": "as displayed; numbered beside `ligne`",
    "adresse": "e-mail",
    "nouvelle_adresse": "e-mail, in the place of the one there is",
    "organisation": "theirs; numbered beside `ligne`",
    "profession": "theirs, of a list",
    "territoire": "theirs, of a list",
    "langue": "that they are written to in",
    "courriels_adresses": "how often they want mails about what is addressed to them",
    "courriels_suivis": "how often they want mails about what they follow",
    "charte": "that they accept it",
    "role": "member, agent, administrator",
    "jusqua": "the end of a suspension",
    "personne": "a name or handle to look for",
    "etat": "of accounts or invitations to list, of proposals to find",
    # Proofs
    "identifiant": "handle or e-mail",
    "mot_de_passe": "that signs in, or will",
    "mot_de_passe_actuel": "that proves who changes something",
    "nouveau_mot_de_passe": "in the place of the one there is",
    "code": "of the application, or on paper",
    "code_actuel": "of the application that is replaced",
    "code_cle": "the sealed key that the page offered",
    "jeton": "of a link sent by mail",
    # Filters
    "voir": "tagged contributions or not",
    "quoi": "contributions alone, or proposals, or another kind of thing",
    "du": "the first day",
    "au": "the last day",
}
# Fields where people write: shown again when a form is refused, to be read and copied. Buttons, numbers and marks are
# not.
WORDS: Final = frozenset(
    {"source", "titre", "formulation", "expose_des_motifs", "mots", "motif", "lieu", "service", "realisation"}
    | {"explication", "passage"}
)
# Never sent back, not even hidden in a page: old and new passwords, codes, links sent by mail.
SECRET: Final = re.compile(r"mot_de_passe|^code|^jeton\Z")
