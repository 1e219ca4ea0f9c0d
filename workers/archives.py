"""Make the archive of a person's data: one ZIP with the data as JSON, again as a page, and what each word means.

The same data give the same bytes. `WORDS` is the documentation of the shape, in the order of the page: what people read
in place of each key. The data are collected by `forum/domain/privacy/personal_facts.py`.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any, Final

from anyio import to_thread

from forum.documents.zips import stable_zip
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.privacy import personal_data
from forum.domain.privacy.personal_facts import Facts
from forum.jobs import JobName
from forum.text.typography import moment
from workers import running
from workers.running import Work

WORDS: Final[Mapping[str, str]] = {
    # The parts of the archive, in order.
    "archive": "Cette archive",
    "compte": "Compte",
    "connexion": "Connexion",
    "changement_d_adresse": "Changement d’adresse en cours",
    "groupes_animes": "Groupes de travail animés",
    "invitations": "Invitations",
    "fils": "Fils ouverts",
    "contributions": "Contributions",
    "contributions_non_affichees": "Contributions masquées ou retirées, avec vos mots",
    "contributions_en_attente": "Contributions relues avant d’être publiées",
    "brouillons_de_contributions": "Brouillons de contributions",
    "propositions_non_affichees": "Propositions masquées, avec vos mots",
    "citations_faites": "Citations que vous avez faites",
    "citations_de_mes_mots": "Citations de vos mots par d’autres",
    "mentions_de_moi": "Mentions de votre identifiant",
    "extraits": "Extraits que vous avez choisis",
    "propositions": "Propositions",
    "avis": "Avis",
    "historique_des_avis": "Historique de vos avis",
    "votes_ecartes": "Vos votes écartés d’un thème",
    "etiquettes": "Étiquettes de réunion que vous avez posées",
    "notifications": "Notifications",
    "lectures": "Fils que vous avez lus, et jusqu’où",
    "suivis": "Thèmes, fils, propositions et réunions que vous suivez",
    "courriels_choisis": "Courriels que vous avez choisis de recevoir",
    "courriels_refuses": "Courriels qui ne vous sont pas parvenus",
    "signalements": "Signalements que vous avez faits",
    "decisions_de_moderation": "Décisions de modération sur vos mots, ou prises par vous",
    "reclamations_sur_signalements_lues": "Réclamations de personnes qui ont signalé, auxquelles vous avez répondu",
    "reclamations": "Réclamations, de vous ou auxquelles vous avez répondu",
    "dossiers_pris": "Dossiers de modération dont vous vous chargez",
    "journal": "Lignes du journal, par vous ou sur vous",
    "syntheses_demandees": "Synthèses demandées",
    "textes_de_syntheses": "Textes de synthèses",
    "etapes": "Étapes de propositions, de votre fait",
    "regroupements": "Propositions que vous avez fusionnées",
    "actes_sur_des_fils": "Ce que vous avez fait de fils, en modérant",
    "distinctions": "Propositions que vous avez dites différentes",
    "corrections_certifiees": "Corrections que vous avez certifiées",
    "contributions_traitees": "Contributions que vous avez traitées",
    "reponses_officielles": "Réponses officielles que vous avez données",
    "reponses_officielles_non_affichees": "Réponses officielles masquées, avec vos mots",
    "engagements": "Engagements que vous avez inscrits",
    # Their fields.
    "acceptee_le": "Acceptée le",
    "acte": "Acte",
    "adresse": "Adresse électronique",
    "adresse_confirmee_le": "Adresse confirmée le",
    "adresse_refusee_le": "Adresse refusée par les serveurs de courrier depuis le",
    "ancienne_confirmee_le": "Confirmé depuis l’ancienne adresse le",
    "appareil": "Appareil",
    "apres": "Après",
    "auteur": "Auteur",
    "avant": "Avant",
    "charte_acceptee_le": "Charte acceptée le",
    "charte_version": "Version de la charte",
    "citee": "Contribution citée",
    "clos_le": "Clos le",
    "codes_de_secours_restants": "Codes de secours restants",
    "compte_fictif": "Compte inventé pour l’exemple",
    "contestable_jusqu_au": "Contestable jusqu’au",
    "contribution": "Contribution",
    "cree_le": "Créé le",
    "dans": "Dans",
    "de": "De",
    "de_moi": "De vous",
    "decision": "Décision",
    "defait_le": "Défait le",
    "demande_le": "Demandé le",
    "demandee_le": "Demandée le",
    "dernier_jour_d_activite": "Dernier jour d’activité",
    "dernier_message_d_inactivite_le": "Dernier message d’inactivité le",
    "double_authentification_depuis": "Double authentification depuis le",
    "ecrit": "Écrit",
    "ecrite_le": "Écrite le",
    "enregistree_le": "Enregistrée le",
    "engagement": "Engagement",
    "envoyee_le": "Envoyée le",
    "etat": "État",
    "evenement": "Événement",
    "expire_le": "Expire le",
    "fait": "Ce qui a été fait",
    "faite_le": "Faite le",
    "faits": "Faits",
    "fil": "Fil",
    "formulation": "Formulation",
    "fournisseur": "Fournisseur d’identité",
    "groupe": "Groupe de travail",
    "identifiant": "Identifiant",
    "identites": "Identités reliées",
    "issue": "Issue",
    "langue": "Langue",
    "le": "Le",
    "lien": "Lien",
    "lu_jusqu_a": "Lu jusqu’à la contribution",
    "lue_le": "Lue le",
    "lue_par_moi": "Lue par vous",
    "masquee_le": "Masquée le",
    "messages_d_inactivite": "Messages d’inactivité envoyés",
    "modifiee_le": "Modifiée le",
    "mot_de_passe": "A un mot de passe",
    "motif": "Motif",
    "motif_de_suspension": "Motif de la suspension",
    "mots": "Mots",
    "nature": "Nature",
    "nom": "Nom",
    "nouvelle_confirmee_le": "Confirmé depuis la nouvelle adresse le",
    "numero": "Numéro",
    "objet": "Objet",
    "organisation": "Organisation",
    "origine": "Origine",
    "ouvert_le": "Ouvert le",
    "ouverte_le": "Ouverte le",
    "par": "Par",
    "par_moi": "Par vous",
    "place": "Place dans le fil",
    "pris_le": "Pris le",
    "prise_par_moi": "Prise par vous",
    "profession": "Profession",
    "proposition": "Proposition",
    "publiee": "Publiée",
    "recue": "Reçue par vous",
    "reference": "Référence",
    "refus": "Code du refus",
    "regle": "Règle",
    "reliee_le": "Reliée le",
    "reclamation": "Réclamation",
    "reclame_le": "Réclamation du",
    "repondue_le": "Répondue le",
    "reponse": "Réponse",
    "reponse_a": "En réponse à",
    "retiree_le": "Retirée le",
    "reunion": "Réunion",
    "role": "Rôle",
    "rythme": "À quel rythme",
    "service": "Service",
    "sessions": "Sessions",
    "site": "Site",
    "sorte": "Sorte",
    "source": "Source",
    "sur": "Au sujet de",
    "suspendu_jusqu_au": "Suspendu jusqu’au",
    "territoire": "Territoire",
    "texte": "Texte",
    "titre": "Titre",
    "genre": "Genre",
    "enregistre_le": "Enregistré le",
    "tout_dit_jusqu_au": "Nouveautés dites jusqu’au",
    "version": "Version",
    "versions": "Versions",
    "vue_le": "Vue le",
}

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")

README: Final = """\
Vos données
===========

donnees.html  vos données, à lire dans un navigateur ; ce fichier n’a besoin de rien d’autre.
donnees.json  les mêmes, pour un programme (JSON, UTF-8). Les dates sont en temps universel (ISO 8601) ; null : rien.

Le mot de passe, la clé de la double authentification et les codes de secours n’y sont pas : le site ne garde du
premier et des derniers qu’une empreinte, et la clé ne se montre qu’une fois. Des autres personnes, on n’y lit que ce
que le site montre à tous.

In English: everything this site knows about you, for reading (HTML) and for reuse (JSON, keys in French, listed below).

Les mots de donnees.json
------------------------

"""

STYLE: Final = """\
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 45rem; padding: 1rem; overflow-wrap: anywhere; }
article { border-top: 1px solid; margin-top: 1rem; }
dt { font-weight: bold; margin-top: .5rem; }
dd { margin: 0; white-space: pre-wrap; }
article article { border: 0; border-left: 3px solid; padding-left: 1rem; }
"""


async def make_archive(claim: Claim) -> None:
    """Make somebody's archive. Run twice, it changes nothing.

    Raises:
        LostLease: somebody else took the job meanwhile: nothing is written.
    """
    facts = await personal_data.begin_archive(claim)
    content = None if facts is None else await to_thread.run_sync(archive_of, facts)
    await personal_data.store_archive(claim, content, running.clock())


WORK: Final[Mapping[str, Work]] = {JobName.MAKE_ARCHIVE: Work(make_archive, jobs.give_up)}


def archive_of(facts: Facts) -> bytes:
    """The ZIP; its files have the date of the request."""
    parts = {
        "LISEZMOI.txt": _readme().encode(),
        "donnees.json": json.dumps(facts, ensure_ascii=False, indent=1).encode(),
        "donnees.html": page_of(facts).encode(),
    }
    return stable_zip(parts, facts["archive"]["demandee_le"])


def _readme() -> str:
    width = max(map(len, WORDS))
    return README + "".join(f"{name:<{width}}  {words}\n" for name, words in WORDS.items())


def page_of(facts: Facts) -> str:
    """Everything on one page, without scripts or images, and nothing to load."""
    sections = "\n".join(
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{escape(WORDS[name])}</h2>\n{_shown(part)}\n</section>'
        for name, part in facts.items()
    )
    return f"""<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Mes données – {escape(facts["archive"]["site"])}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<h1>Mes données</h1>
{sections}
</main>
</body>
</html>
"""


def _shown(part: Any) -> str:
    if isinstance(part, dict):
        return f"<dl>\n{''.join(_entry(name, value) for name, value in part.items())}</dl>"
    if not isinstance(part, list):
        return f"<p>{_word(part)}</p>"
    if not part:
        return "<p>Rien.</p>"
    if all(isinstance(one, dict) for one in part):
        return "\n".join(f"<article>{_shown(one)}</article>" for one in part)
    return f"<ul>{''.join(f'<li>{_word(one)}</li>' for one in part)}</ul>"


def _entry(name: str, value: Any) -> str:
    shown = _shown(value) if isinstance(value, (dict, list)) else _word(value)
    return f"<dt>{escape(WORDS[name])}</dt>\n<dd>{shown}</dd>\n"


def _word(value: Any) -> str:
    """How a value is written: links as text, since an address that somebody wrote must not be followed by mistake;
    dates in the time of Paris."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return moment(datetime.fromisoformat(value), "fr")
    return "–" if value in (None, "") else escape(str(value))
