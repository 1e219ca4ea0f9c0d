"""What a search finds: one row for each thing that everybody may read."""

from typing import Final

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class SearchKind(Labelled):
    """What may be found. The value is the one of addresses."""

    POST = "contributions", "contributions"
    PROPOSAL = "propositions", "propositions"
    MEETING = "reunions", "réunions"
    MINUTES = "comptes-rendus", "comptes rendus"
    ANSWER = "reponses", "réponses de l’administration"
    SYNTHESIS = "syntheses", "synthèses"


ORDINALS: Final = {kind: place for place, kind in enumerate(SearchKind)}
"""The place of each kind in the numbers of the entries: never another one."""


class SearchEntry(Model):
    """The words of one thing that everybody may read, as they are searched.

    They are made from the thing, and made again whenever it changes (`domain/search/index.py`). Each database finds
    entries by its own index of `lexemes`, the table search_words. The number says when the thing is of, which thing it
    is and of which kind, so that numbers are in the order of time.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharEnumField(SearchKind, max_length=16)
    thing_id = fields.IntField()
    version = fields.SmallIntField(description="of the reading of words that made it")
    words = fields.TextField(description="folded, in their order, of the title, of its own, of what it quotes")
    lexemes = fields.TextField(description="what it is found by, each once, with where it stands")

    class Meta:
        table = "search_entry"
        unique_together = (("kind", "thing_id"),)
