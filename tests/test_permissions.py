"""What the predicates add to the table of rights, where no page asks for it: `tests/test_rights.py` drives the rest."""

import pytest

from forum.errors import SignInRequired
from forum.permissions import Viewer, demand, may_read_synthesis
from tests.conftest import NOON


def test_nobody_acts_as_a_visitor_not_even_where_visitors_read() -> None:
    member = Viewer(id=1, name="Camille Martin", handle="camille-martin")
    assert demand(may_read_synthesis, member, True, NOON) is member
    assert may_read_synthesis(None, True, NOON)
    with pytest.raises(SignInRequired):
        demand(may_read_synthesis, None, True, NOON)
