"""Every page that visitors and members see, in French and in English: nothing that axe finds, nothing cut or hidden.

The fixtures add that no page breaks its own policy, throws, or asks anything of another origin. Pages of the staff, and
those after the close, are in files beside this one, so that several processes share the walk.
"""

import pytest

from tests.browser.reading import Readers
from tests.browser.scenes import OPEN, STAFF, Scene
from tests.browser.walking import faults_in_both_languages, name_of

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.mark.parametrize("scene", [scene for scene in OPEN if scene.who not in STAFF], ids=name_of)
async def test_a_page_is_without_fault_in_both_languages(walkers: Readers, scene: Scene) -> None:
    assert await faults_in_both_languages(walkers, scene) == []
