"""Every page that the close of a vote changes: see `test_pages.py`."""

import pytest

from tests.browser.reading import Readers
from tests.browser.scenes import CLOSED, Scene
from tests.browser.walking import faults_in_french, name_of

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.mark.parametrize("scene", CLOSED, ids=name_of)
async def test_a_page_after_the_close_is_without_fault(walkers_after_the_close: Readers, scene: Scene) -> None:
    assert (await faults_in_french(walkers_after_the_close, scene))[1] == []
