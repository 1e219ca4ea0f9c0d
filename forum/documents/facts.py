"""What does an outline hold, as plain dictionaries and lists? This is what the typst templates read.

Field names are those of `outline`; each block carries its `kind`, the name of its class.
"""

import dataclasses
from enum import Enum
from typing import Any

Facts = dict[str, Any] | list[Any] | str | int | None


def facts_of(thing: object, *, without: str = "") -> Facts:
    """Dictionaries, lists, texts, integers and None; `without` names a field of the thing itself to leave out.

    TypeError on anything that an outline does not hold.
    """
    if isinstance(thing, Enum):
        return facts_of(thing.value)
    if thing is None or isinstance(thing, str | int):
        return thing
    if isinstance(thing, tuple):
        return [facts_of(part) for part in thing]
    if dataclasses.is_dataclass(thing):
        fields = (field.name for field in dataclasses.fields(thing) if field.name != without)
        return {"kind": type(thing).__name__} | {name: facts_of(getattr(thing, name)) for name in fields}
    raise TypeError(f"an outline holds no {type(thing).__name__}")
