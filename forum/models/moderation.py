"""What is kept aside: the words of contributions, proposals, minutes and official answers that are hidden or
withdrawn."""

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Moderated(Labelled):
    """What may be notified, hidden and decided on; each is a row of the table of that name."""

    POST = "post", "contribution"
    PROPOSAL = "proposal", "proposition"
    PENDING = "pending", "contribution en attente de relecture"
    MINUTES = "meeting", "compte rendu"
    ANSWER = "answer", "réponse de l’administration"


class Ground(Labelled):
    """The rule that words break, by whoever notifies or hides them."""

    ILLEGAL = "illegal", "contenu illégal"
    PERSONAL_DATA = "personal data", "données personnelles"
    CHARTER = "charter", "contraire à la charte"
    OFF_TOPIC = "off topic", "hors sujet"
    DUPLICATE = "duplicate", "doublon"


class Withheld(Model):
    """The words of one row, kept here while a placeholder stands in their place.

    Hidden by moderators, withdrawn by their author, or both: they come back when neither is true any more.
    """

    id = fields.IntField(primary_key=True)
    thing = fields.CharEnumField(Moderated, max_length=16)
    thing_id = fields.IntField()
    table_name = fields.CharField(40)
    row_id = fields.IntField()
    words = fields.TextField(description="JSON: the columns of the row as they were")
    ground = fields.CharEnumField(Ground, max_length=16, null=True, description="why it is hidden")
    hidden_at = fields.DatetimeField(null=True)
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "withheld"
        unique_together = (("table_name", "row_id"),)
        indexes = (("thing", "thing_id"),)
