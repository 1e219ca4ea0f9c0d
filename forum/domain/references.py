"""What do addresses refer to? The reference of a proposal (T3-007), and the numbers that a database can hold.

An address that cannot refer to anything is answered like one that refers to nothing: the thing does not exist.
"""

import re

from forum.errors import NotFound

# The largest value of a four-byte integer, in either database.
LARGEST_ID = 2**31 - 1
# The number of a theme is a two-byte integer.
LARGEST_THEME = 2**15 - 1
_REFERENCE = re.compile(r"T([1-9][0-9]{0,4})-([0-9]{3,9})", re.ASCII)


def reference(theme_number: int, number: int) -> str:
    """The reference of a proposal, written the same everywhere: page, document, e-mail."""
    return f"T{theme_number}-{number:03}"


def parse_reference(text: str) -> tuple[int, int]:
    """The numbers of the theme and of the proposal.

    Raises:
        NotFound: it is not spelled as a reference is.
    """
    found = _REFERENCE.fullmatch(text)
    numbers = (int(found[1]), int(found[2])) if found else (0, 0)
    if not found or numbers[0] > LARGEST_THEME or reference(*numbers) != text:
        raise NotFound
    return numbers


def storable(number: int) -> int:
    """The number of an address, when a row could have it.

    Raises:
        NotFound: no row ever has this number.
    """
    if not 1 <= number <= LARGEST_ID:
        raise NotFound
    return number
