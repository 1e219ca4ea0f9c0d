"""Under which word does a person meet a value? Each value of these enums is given with its word, so none goes without.

The value is what the database, addresses, forms and data for machines hold; it never reaches a person. The word is
French, as it stands within a sentence, and the only one: pages translate it (`language.py`), sheets, documents and the
archive of somebody's data take it as it is.
"""

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """Its members are written `NAME = "value", "word"`."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        if not label:  # a default only for type checkers, which take Enum("value") for this call
            raise TypeError(f"{cls.__name__}: {value!r} has no word")
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member
