"""A site of a released version, with its own program, as its people used it: what `test_released.py` upgrades.

    git archive v0.3.0 | tar -x -C /tmp/released        # 0.1.0 is 4994a29, 0.2.0 is 387c3ca, 0.3.0 is e9f7623
    python -m tests.operations.released.record 0.3.0 /tmp/released [postgres://…/an-empty-database]

serves the example of that version from its tree, then writes, votes, meets, answers and publishes through the forms of
its pages. Nobody in it exists. The site is kept beside this file: a SQLite file, or what pg_dump says of the database
as INSERTs. `KEY` seals its second factors; the passwords of its accounts are in it, to sign in after the upgrade.
"""

import json
import lzma
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyotp
from httpx2 import Client

from tests.test_start import a_free_port, wait_for_answer

Account = dict[str, str]

HERE: Final = Path(__file__).parent
LONGEST: Final = 60
KEY: Final = "vRkqJ0Dq3J8o6m0L1w2yq8l0b9n4d5c6f7g8h9i0j1k="
QUOTING: Final = (
    "Il faut des **médiateurs** dans chaque bibliothèque.\n\n- un par canton ;\n- formés.\n\nDit au [GT réunion 1]."
)
MINUTES: Final = """Compte rendu de la réunion 2
- Prêter des ordinateurs à domicile
- Ouvrir un guichet commun avec les services de l’État
- Former les bénévoles à l’accueil"""


OTHER_KINDS: Final = ((1, "jugement", ("0", "3", "6")), (2, "classement", ("2", "1", "2")))
"""The kinds of voting that a theme may have since 0.3.0: its number, the kind, and what one person votes."""


class Forms(HTMLParser):
    """The forms of a page: where each leads, and what it holds before anybody types."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, list[str]]]] = []
        self._area: str | None = None
        self._choice = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        elif tag == "select":
            self._choice = name
        elif tag == "textarea":
            self._area = name
            self._hold(name, "")
        elif tag == "option" and "selected" in given:
            self._hold(self._choice, value)
        elif tag == "input" and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self._hold(name, value or ("on" if "checked" in given else ""))

    def held_by(self, action: str) -> dict[str, list[str]]:
        (held, *_) = (held for to, held in self.found if to.partition("?")[0] == action)
        return held

    def _hold(self, name: str, value: str) -> None:
        if name and self.found:
            self.found[-1][1].setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.found[-1][1][self._area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # The line end after the tag is not part of the text.
            self.found[-1][1][self._area][-1] = self.found[-1][1][self._area][-1].removeprefix("\n")
            self._area = None


class Person:
    """Somebody at their browser."""

    def __init__(self, address: str, account: Account | None = None) -> None:
        self.address = address
        self._browser = Client(base_url=address, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)
        if account is not None:
            self.send("/connexion", identifiant=account["email"], mot_de_passe=account["password"])

    def read(self, path: str) -> str:
        answer = self._browser.get(path, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def vote(self, reference: str, said: str) -> None:
        self.fill(f"/propositions/{reference}", f"/propositions/{reference}/vote", avis=said)

    def fill(self, page: str, to: str = "", **typed: str | list[str]) -> str:
        """Type into the form of `page` that leads to `to`, or to the page itself; gives where it led."""
        to = to or page.partition("?")[0]
        return self.send(to, **Forms(self.read(page)).held_by(to) | typed)

    def send(self, path: str, **typed: str | list[str]) -> str:
        answer = self._browser.post(path, data=typed)
        assert answer.status_code == 303, (path, answer.status_code, answer.text)
        return answer.headers["location"].partition("?")[0]

    def answer(self, page: str, **typed: str | list[str]) -> str:
        """What a form shows when it is sent, where it leads nowhere."""
        answer = self._browser.post(page, data=Forms(self.read(page)).held_by(page) | typed)
        assert answer.status_code == 200, (page, answer.status_code, answer.text)
        return answer.text


@dataclass(frozen=True, slots=True)
class OldSite:
    """A site of the old version while it is served."""

    address: str
    data: Path
    accounts: dict[str, Account]
    member: Person
    moderator: Person
    agent: Person
    administrator: Person

    def last_link(self, path: str) -> str:
        """The address under `path` in the mail that a worker has sent last."""
        mails = self.data / "mail"
        until(lambda: any(mails.glob("*.eml")))
        sent = max(mails.glob("*.eml"), key=lambda one: one.stat().st_mtime_ns)
        body = message_from_bytes(sent.read_bytes(), policy=policy.default).get_body(("plain",))
        assert body is not None
        found = re.search(rf"{path}\?\S+", body.get_content())
        assert found is not None
        return found[0]


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not found():
        assert time.monotonic() < end
        time.sleep(0.1)


# --- what happens on the site


def discuss(site: OldSite) -> None:
    """What every version knows: threads, quotes, histories, proposals, votes, minutes."""
    member, moderator = site.member, site.moderator
    member.fill(
        "/themes/3/nouveau-fil", title="Former qui, et comment ?", source="Par où commencer ?", action="publier"
    )
    member.fill("/contributions/2/citer", "/fils/1/repondre", source=f"@Nadia-Berthier\n\n{QUOTING}", action="publier")
    moderator.fill("/fils/2/repondre", source="Par **les plus éloignés**, @Camille-Aubry.", action="publier")
    own = re.findall(r"/contributions/(\d+)/modifier", member.read("/fils/2"))[0]
    member.fill(f"/contributions/{own}/modifier", source="Par où commencer ? Et *avec qui* ?", action="publier")
    wording = "Créer un réseau de référents"
    member.fill("/themes/3/proposer", wording=wording, body="Un par **département**.", questions=["1"])
    moderator.fill("/contributions/4/proposer", mots="", wording="Accueillir sans rendez-vous", questions=["2"])
    for number, opinion in enumerate(("pour", "contre", "abstention", "pour"), 1):
        member.vote(f"T3-00{number}", opinion)
    meeting = moderator.fill("/reunions/nouvelle", numero="2", date="2026-11-12", lieu="Rennes", groupe="3")
    minutes = f"{meeting}/compte-rendu"
    rows = Forms(moderator.answer(minutes, theme="3", source=MINUTES, acte="")).held_by(minutes)
    moderator.send(minutes, **rows | {"acte": "garder"})


def join(site: OldSite) -> None:
    """Since 0.2.0: somebody is invited, writes, and erases their account; a charter; a second factor."""
    site.member.fill("/compte", "/compte/charte")
    site.member.fill("/compte", nom="Camille Aubry", organisation="Médiathèque de la Lande")
    name, guest = "Claire Passage", {"email": "claire@example.org", "password": "une phrase de passage"}
    site.administrator.fill("/administration/invitations/nouvelle", adresse=guest["email"], nom=name)
    Person(site.address).fill(site.last_link("/invitation"), nom=name, mot_de_passe=guest["password"], charte="1")
    passing = Person(site.address, guest)
    passing.fill("/fils/2/repondre", source=f"{name} : je signe et je pars.", action="publier")
    site.member.fill("/fils/2/repondre", source=f"Merci, {name}, @Claire-Passage.", action="publier")
    passing.vote("T3-001", "pour")
    passing.fill("/compte/effacer", confirmation="EFFACER", mot_de_passe_actuel=guest["password"])
    _set_up_factor(site.moderator, site.accounts["modératrice"])


def _set_up_factor(person: Person, account: Account) -> None:
    page = "/compte/securite/double-authentification"
    offered = person.read(page)
    account["factor"] = re.findall(r"<code>([A-Z2-7 ]+)</code>", offered)[0].replace(" ", "")
    code = pyotp.TOTP(account["factor"]).now()
    person.answer(page, **Forms(offered).held_by(page) | {"code": code, "mot_de_passe_actuel": account["password"]})


def decide(site: OldSite) -> None:
    """Since 0.3.0, while votes are open: other kinds of voting, versions, extracts, merges, drafts."""
    member, moderator = site.member, site.moderator
    for theme, _, ballots in OTHER_KINDS:
        for number, said in enumerate(ballots, 1):
            moderator.fill(f"/themes/{theme}/proposer", wording=f"Prêter du matériel, variante {number}", body="")
            member.vote(f"T{theme}-00{number}", said)
    member.fill("/themes/3/proposer", wording="Une idée à mûrir", body="", acte="brouillon")
    member.fill("/propositions/T3-009/modifier", wording="Créer un réseau de référents, payés", reason="Précision")
    moderator.send("/contributions/6/extraire", mots="", tout="1", nature="solution", proposition="")
    moderator.fill("/propositions/T3-005/fusionner?dans=T3-006", reason="La même idée")
    moderator.fill("/propositions/T3-008/ecarter", reason="Hors du sujet")


def publish(site: OldSite) -> None:
    """Close the votes of the theme and publish its synthesis, in every version."""
    agent = site.agent
    agent.fill("/themes/3/calendrier", "/themes/3/clore-les-votes", reason="Fin annoncée", confirmation="1")
    synthesis = agent.fill("/syntheses", "/syntheses/demander", theme="3")
    until(lambda: '"state":"done"' in agent.read(f"/api/v1{synthesis}"))
    agent.fill(synthesis, f"{synthesis}/publier", confirmation="1")


def answer(site: OldSite) -> None:
    """Since 0.3.0, after the close: the administration answers and binds itself."""
    said = {"service": "Bureau de la lecture", "decided_on": "2026-11-20", "reason": "Utile, et déjà prêt."}
    bound = {"engagement-1": "Recruter cent médiateurs", "echeance-1": "2027-06-30"}
    site.agent.fill("/propositions/T3-001/repondre", decision="retenue", **said, **bound)
    site.agent.fill("/propositions/T3-006/repondre", decision="non retenue", **said)


STORIES: Final = {
    "0.1.0": (discuss, publish),
    "0.2.0": (discuss, join, publish),
    "0.3.0": (discuss, join, decide, publish, answer),
}


# --- the site itself


@contextmanager
def served(tree: Path, environment: dict[str, str]) -> Iterator[OldSite]:
    """The people of the example on their site, which is stopped afterwards."""
    data, address = Path(environment["FORUM_SITE__DATA_DIR"]), environment["FORUM_SITE__BASE_URL"]
    command = [sys.executable, "-m", "forum", "serve", "--example"]
    with (data / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tree, env=environment, stdout=log, stderr=log, text=True)
    try:
        wait_for_answer(address, process)
        accounts = {one["title"]: one for one in json.loads((data / "comptes-exemple.json").read_text("utf-8"))}
        people = (Person(address, accounts[one]) for one in ("membre", "modératrice", "agent", "administratrice"))
        yield OldSite(address, data, accounts, *people)
    finally:
        process.terminate()
        process.wait()


def record(version: str, tree: Path, url: str, data: Path) -> dict[str, Account]:
    """Have the site used, and give its accounts."""
    port = a_free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FORUM_")} | {
        "FORUM_DATABASE__URL": url,
        "FORUM_SITE__DATA_DIR": str(data),
        "FORUM_SITE__BASE_URL": f"http://127.0.0.1:{port}",
        "FORUM_SERVER__PORT": str(port),
    }
    if join in STORIES[version]:
        environment |= {"FORUM_SECURITY__KEY": KEY, "FORUM_SIGN_IN__SECOND_FACTOR_FOR_STAFF": "false"}
    if decide in STORIES[version]:
        _choose_kinds(tree)
    with served(tree, environment) as site:
        for story in STORIES[version]:
            story(site)
    return site.accounts


def _choose_kinds(tree: Path) -> None:
    for number, kind, _ in OTHER_KINDS:
        (file,) = (one for one in (tree / "themes").glob("*.md") if f"\nnumber = {number}\n" in one.read_text("utf-8"))
        rest = file.read_text("utf-8").partition("title =")[2]
        file.write_text(f'+++\nnumber = {number}\nvoting = "{kind}"\ntitle ={rest}', "utf-8")


def dump(url: str, data: Path) -> bytes:
    if not url:
        with closing(sqlite3.connect(data / "cahier.sqlite3")) as site:
            site.execute("VACUUM INTO ?", [str(data / "whole.sqlite3")])
        return (data / "whole.sqlite3").read_bytes()
    command = ["pg_dump", "--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # What this server or this pg_dump says of itself, another one may not know; words in the rows begin no such line.
    settings = r"^(SET \w+ = .*;|SELECT pg_catalog\.set_config\(.*\);|\\(un)?restrict \w+)$"
    return re.sub(settings, "", said, flags=re.MULTILINE).encode()


def main() -> None:
    version, tree, url = sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
    with TemporaryDirectory() as folder:
        accounts = record(version, tree, url, Path(folder))
        packed = lzma.compress(dump(url, Path(folder)), preset=9 | lzma.PRESET_EXTREME)
    file = HERE / f"{version}.{'sql' if url else 'sqlite3'}.xz"
    file.write_bytes(packed)
    file.with_suffix(".json").write_text(json.dumps(accounts, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"{file.name}: {len(packed):,} bytes")


if __name__ == "__main__":
    main()
