"""Vérifie les données publiées avec une synthèse, sans réseau et sans rien d’autre que Python 3.11 ou plus récent :
python3 verifier.py synthese-T3-v1-2026-11-23.verification.zip

Le programme recompte chaque total à partir des votes, recalcule chaque rang, compare empreintes, données et documents.
Il dit ce qui diffère et rend 1, ou rend 0. LISEZMOI.md décrit les fichiers et dit ce qui ne se recalcule pas. Rien ici
ne vient du logiciel qui a fait la synthèse."""

import csv
import hashlib
import json
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cmp_to_key
from itertools import accumulate, groupby, pairwise
from math import prod
from operator import gt
from typing import Any

Facts = dict[str, Any]
RULES = ("number", "voting", "quota", "quorum", "mentions", "compared", "preferred")
OUT = ("withdrawn", "set aside", "merged")
SAYS = {"pour": "for_", "contre": "against", "abstention": "abstain"}
SHEET = {"référence": "reference", "rang": "rank", "soutien net": "soutien_net", "borne de Wilson": "wilson"}


class Verification:
    """Compare des fichiers, donnés par nom : `found` dit ce qui diffère ; `ranks`, les rangs par thème et méthode."""

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self.found: list[str] = []
        self.ranks: dict[int, dict[str, dict[str, int]]] = {}
        self.named = {name.partition(".")[2]: content for name, content in parts.items()}
        self.digest = hashlib.sha256(self.named.get("figees.json", b"")).hexdigest()
        kept = {name: content for name, content in parts.items() if not name.endswith(("empreintes.txt", ".p7s"))}
        lines = {f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in kept.items()}
        for line in sorted(lines.symmetric_difference(self.named.get("empreintes.txt", b"").decode().splitlines())):
            self._check(False, f"{line[66:]} : empreintes.txt en dit autre chose.")
        try:
            self.facts: Facts = json.loads(self.named["figees.json"])
            canonical = json.dumps(self.facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
            self._check(canonical == self.named["figees.json"], "Les données figées n’ont pas leur forme canonique.")
            for theme in self.facts["themes"]:
                self._theme(theme)
            self._documents()
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as problem:
            self.found.append(f"Une donnée manque, ou n’a pas la forme décrite ({type(problem).__name__} : {problem}).")

    def _check(self, agrees: bool, otherwise: str) -> None:
        self.found += [] if agrees else [otherwise]

    def _theme(self, theme: Facts) -> None:
        own = [each for each in self.facts["proposals"] if each["theme"] == theme["number"]]
        for each in own:
            each["votants"] = sum((each["tally"] or {}).values()) + sum(said["ballots"] for said in each["said"])
            above = (said["ballots"] for said in each["said"] if said["opinion"] > (len(theme["mentions"]) - 1) // 2)
            each["pour"] = each["tally"]["for_"] if each["tally"] else sum(above)
        judged = {each["reference"]: each for each in own if each["state"] not in OUT}
        able = {name: each for name, each in judged.items() if each["votants"] >= max(1, theme["quorum"])}
        self.ranks[theme["number"]] = self._orders(theme, able)
        self._votes(f"votes-T{theme['number']}.csv", theme["ballots"], own)
        for name, cell in ((name, cell) for name, each in judged.items() for cell in each["cells"]):
            pour, of = cell["pour"], cell["votants"]
            may = {"exactement": 2 <= pour <= of - 2, "au moins": pour == of - 1, "au plus": pour == 1}
            self._check(of >= 5 and may[cell["precision"]], f"{name}, {cell['group']} : ce chiffre ne se publie pas.")
        names, d, picks = theme["compared"], theme["preferred"], theme["picks"]
        for (x, one), (y, two) in ((x, y) for x in enumerate(names) for y in enumerate(names)):
            least, most = judged[one]["votants"] - judged[two]["votants"], judged[one]["votants"] * (x != y)
            self._check(max(0, least) <= d[x][y] <= most, f"Duel de {one} contre {two} : {d[x][y]} ne se peut pas.")
        best = sorted((name for name in able if able[name]["pour"]), key=lambda n: (-able[n]["pour"], order(n)))
        agrees = picks[:1] == best[:1] and {*picks} <= {*best} and len({*picks}) == len(picks) == min(10, len(best))
        self._check(agrees or not picks, f"Thème {theme['number']} : d’autres propositions phares, selon les totaux.")

    def _votes(self, name: str, digest: str, own: list[Facts]) -> None:
        sheet = self.named.get(name, b"")
        digest_now = hashlib.sha256(sheet).hexdigest() if sheet else ""
        self._check(digest == digest_now, f"{name} n’est pas le fichier que nomment les données figées.")
        lines = [line.split(";") for line in sheet.decode().split("\n")[1:-1]]
        keys = [(order(reference), token) for reference, token, _ in lines]
        agrees = sheet[:21] in (b"", b"reference;jeton;vote\n") and all(one < other for one, other in pairwise(keys))
        agrees = agrees and all(re.fullmatch("[0-9a-f]{20}", token) for _, token in keys)
        self._check(agrees, f"{name} : une ligne est en double, n’est pas à sa place ou n’a pas la forme décrite.")
        counts, totals = Counter((reference, vote) for reference, _, vote in lines), Counter[tuple[str, str]]()
        for each in own:
            totals.update({(each["reference"], str(said["opinion"])): said["ballots"] for said in each["said"]})
            totals.update({(each["reference"], vote): (each["tally"] or {}).get(key, 0) for vote, key in SAYS.items()})
        for name, vote in sorted(counts.keys() | totals.keys()):
            many, total = counts[name, vote], totals[name, vote]
            self._check(many == total, f"{name} : {many} lignes disent « {vote} », le total est {total}.")

    def _orders(self, theme: Facts, able: Mapping[str, Facts]) -> dict[str, dict[str, int]]:
        tallies, found = {name: each["tally"] for name, each in able.items()}, dict[str, dict[str, int]]()
        if theme["voting"] == "pour-contre":
            found["soutien-net"] = ranked({name: each["for_"] - each["against"] for name, each in tallies.items()})
            found["wilson"] = ranked({name: self._wilson(each) for name, each in tallies.items()})
        elif theme["voting"] == "soutien":
            found["soutien"] = ranked({name: each["for_"] for name, each in tallies.items()})
        elif theme["voting"] == "jugement":
            found["jugement-majoritaire"] = ranked({n: runs(each["said"]) for n, each in able.items()}, is_better)
        else:
            found |= {"classement": self._schulze(theme, list(able))} if theme["compared"] else {}
            found["nombre-de-classements"] = ranked({name: each["votants"] for name, each in able.items()})
            firsts = {n: sum(s["ballots"] for s in each["said"] if s["opinion"] == 1) for n, each in able.items()}
            found["premieres-places"] = ranked(firsts)
        for by in ("consensus-professions", "consensus-territoires"):
            shown = {n: [c for c in each["cells"] if c["by"] == by and c["group"]] for n, each in able.items()}
            shown = {name: cells for name, cells in shown.items() if len(cells) > 1}
            found |= {by: ranked(shown, self._is_wider)} if shown else {}
        picks = {name: place for place, name in enumerate(theme["picks"], start=1)}
        return found | ({"propositions-phares": picks} if picks else {})

    def _schulze(self, theme: Facts, able: list[str]) -> dict[str, int]:
        at = {name: place for place, name in enumerate(theme["compared"])}
        d = {(x, y): theme["preferred"][at[x]][at[y]] for x in able for y in able}
        p = {(x, y): votes if votes > d[y, x] else 0 for (x, y), votes in d.items()}
        for middle in able:
            p = {(x, y): max(votes, min(p[x, middle], p[middle, y])) for (x, y), votes in p.items()}
        return {x: 1 + sum(p[y, x] > p[x, y] for y in able) for x in able}

    def _is_wider(self, one: list[Facts], two: list[Facts]) -> bool:
        shares = ([Fraction(c["pour"] + 1, c["votants"] + 2) for c in cells] for cells in (one, two))
        p, q = map(prod, shares)
        return p ** len(two) > q ** len(one)

    def _wilson(self, tally: Mapping[str, int]) -> Decimal:
        n = tally["for_"] + tally["against"] + tally["abstain"] * self.facts["method"]["abstentions_in_wilson"]
        with localcontext(prec=60):
            s, c = tally["for_"], Decimal("1.959963984540054") ** 2
            root = (c * (Decimal(4 * s * (n - s)) / max(n, 1) + c)).sqrt()
            return ((2 * s + c - root) / (2 * (n + c))).quantize(Decimal(1).scaleb(-40)) if s else Decimal(0)

    def _documents(self) -> None:
        document = json.loads(self.named["json"])
        sheet = (f"{line}\n" for line in self.named["csv"].decode("utf-8-sig").split("\n"))
        rows = [{SHEET.get(k, k): v for k, v in row.items()} for row in csv.DictReader(sheet, delimiter=";")]
        told, takes = document["participation"], self.facts["participation"]
        same = (document["sha256"], told["votants"], told["avis"]) == (self.digest, takes["voters"], takes["ballots"])
        counts = [each["votants"] for each in self.facts["proposals"] if each["state"] not in OUT]
        agrees = document["draft"] or max(counts, default=0) <= takes["voters"] <= takes["ballots"] == sum(counts)
        self._check(agrees and same, "Empreinte, votants ou votes : le document JSON ou un total s’en écarte.")
        for one, two in zip(document["themes"], self.facts["themes"], strict=True):
            same = all(one[key] == two[key] for key in RULES)
            self._check(same, f"Thème {two['number']} : le document JSON dit d’autres règles ou d’autres duels.")
        wanted = {each["reference"]: self._expected(each) for each in self.facts["proposals"]}
        for where, every in (("document JSON", document["proposals"]), ("tableau CSV", rows)):
            agrees = [each["reference"] for each in every] == sorted(wanted, key=order)
            self._check(agrees, f"Le {where} n’a pas les mêmes propositions, une fois chacune et dans l’ordre.")
            for told, mine in ((each, wanted.get(each["reference"], {})) for each in every):
                for key in sorted(mine.keys() & told.keys()):
                    wrong = f"{told['reference']} : le {where} dit {key} = {told[key]}, il fallait {mine[key]}."
                    self._check(str(told[key] or 0) == str(mine[key] or 0), wrong)

    def _expected(self, each: Facts) -> Facts:
        orders, tally = self.ranks[each["theme"]], each["tally"] or {}
        found = {by: places[each["reference"]] for by, places in orders.items() if each["reference"] in places}
        bound = str(self._wilson(tally).quantize(Decimal("0.000001"))) if "wilson" in found else None
        expected: Facts = {key: each[key] for key in ("version", "wording", "other", "said", "votants")}
        expected |= {"rank": found.pop(next(iter(orders)), None), "wilson": bound, "groups": each["cells"]}
        expected |= {"soutien_net": tally["for_"] - tally["against"] if tally else None}
        expected |= {"other_ranks": [{"method": by, "rank": rank} for by, rank in found.items()]}
        return expected | {vote: tally.get(key) for vote, key in SAYS.items()}


def order(reference: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", reference)]


def ranked(scores: Mapping[str, Any], is_above: Callable[[Any, Any], bool] = gt) -> dict[str, int]:
    score = cmp_to_key(lambda one, two: is_above(two, one) - is_above(one, two))
    found: dict[str, int] = {}
    for _, tied in groupby(sorted(scores, key=lambda name: score(scores[name])), lambda name: score(scores[name])):
        found |= dict.fromkeys(tied, len(found) + 1)
    return found


def runs(said: list[Facts]) -> list[tuple[Fraction, list[int]]]:
    """Du milieu des votes vers les bords : jusqu’à quelle part, quelle mention d’un côté, et de l’autre."""
    given = sorted((each["opinion"], each["ballots"]) for each in said)
    upto = list(zip(accumulate(2 * many for _, many in given), given, strict=True))
    n = upto[-1][0] // 2
    spans = ((end, n - start, n + end) for start, end in pairwise(sorted({abs(many - n) for many, _ in upto} | {0, n})))
    return [(Fraction(end, n), [next(g for many, (g, _) in upto if many >= at) for at in both]) for end, *both in spans]


def is_better(one: list[tuple[Fraction, list[int]]], two: list[tuple[Fraction, list[int]]]) -> bool:
    ends = sorted({run[0] for run in (*one, *two)})
    ours, theirs = ([next(run[1] for run in some if run[0] >= end) for end in ends] for some in (one, two))
    return ours > theirs


if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[1]) as archive:
        done = Verification({name: archive.read(name) for name in archive.namelist()})
    print(*(done.found or ["Tout concorde."]), f"Données figées : {done.digest}, imprimée en couverture ?", sep="\n")
    sys.exit(bool(done.found))
