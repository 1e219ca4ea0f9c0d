"""Every page that moderators, agents and administrators see: see `test_pages.py`."""

import pytest

from tests.browser.reading import Readers
from tests.browser.scenes import OPEN, STAFF, Scene
from tests.browser.walking import faults_in_both_languages, name_of

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.mark.parametrize("scene", [scene for scene in OPEN if scene.who in STAFF], ids=name_of)
async def test_a_page_is_without_fault_in_both_languages(walkers: Readers, scene: Scene) -> None:
    assert await faults_in_both_languages(walkers, scene) == []
