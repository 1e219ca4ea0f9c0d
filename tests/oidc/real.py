"""A real provider, certified by the OpenID Foundation (`oidc-provider` of npm), and a visitor who signs in there."""

import fcntl
import html
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx2 import AsyncClient, Response

from tests import services
from tests.conftest import PATIENCE

HERE = Path(__file__).parent
CLIENT = {
    "FORUM_OIDC__CLIENT_ID": "cahier",
    "FORUM_OIDC__CLIENT_SECRET": "un-secret-de-test-assez-long-pour-hs256",
}
KINDS = {
    "standard": {},
    "proconnect": {
        "FORUM_OIDC__SCOPES": "openid given_name usual_name email",
        "FORUM_OIDC__PKCE": "false",
        "FORUM_OIDC__USERINFO_SIGNED": "true",
    },
}


def environment(kind: str, issuer: str) -> dict[str, str]:
    """The settings of a site that signs in with this provider."""
    address = f"{issuer}/.well-known/openid-configuration"
    return {"FORUM_OIDC__DISCOVERY_URL": address, **CLIENT, **KINDS[kind]}


@contextmanager
def serving(kind: str, site: str) -> Iterator[str]:
    """The provider for the site at this address, as long as the block; yields its issuer."""
    node = services.node()
    if node is None and os.environ.get("CI") == "true":
        pytest.fail("no node with npm")
    if node is None:
        pytest.skip("no node with npm")
    _install()
    command = [node, str(HERE / "provider.mjs"), kind, site]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield _issuer(process)
        finally:
            process.terminate()


def _issuer(process: subprocess.Popen[str]) -> str:
    said = ""
    for line in process.stdout or ():
        said += line
        if line.startswith("issuer "):
            return line.removeprefix("issuer ").strip()
    pytest.fail(f"the provider did not start:\n{said}")


def _install() -> None:
    """The packages of the lock file, once; test processes wait for each other."""
    modules, lock = HERE / "node_modules", HERE / "package-lock.json"
    with (HERE / ".install.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        done = modules / ".package-lock.json"
        if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
            asked = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(asked, cwd=HERE, capture_output=True, text=True, timeout=PATIENCE)
            assert ran.returncode == 0, ran.stderr


@dataclass(slots=True)
class Visitor:
    """Somebody's browser at the provider; it remembers that they signed in there."""

    client: AsyncClient
    login: str
    pages: list[str] = field(default_factory=list)

    async def go(self, address: str, site: str) -> str:
        """Follow the provider from an address, filling in its forms, until it sends back to the site; returns that last
        address."""
        answer = await self.client.get(address)
        for _ in range(20):
            if answer.is_redirect:
                onward = str(answer.request.url.join(answer.headers["location"]))
                if onward.startswith(site):
                    return onward
                answer = await self.client.get(onward)
            else:
                answer = await self._fill_in(answer)
        raise AssertionError(f"the provider leads nowhere: {self.pages}")

    async def _fill_in(self, answer: Response) -> Response:
        page = answer.text
        self.pages.append(page)
        form = re.search(r'<form[^>]*action="([^"]+)"', page)
        assert answer.status_code == 200, page
        assert form, page
        values = {"login": self.login, "password": "peu importe"} if 'name="login"' in page else {}
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
        values |= dict(hidden) | ({"logout": "yes"} if "logoutForm" in page else {})
        return await self.client.post(str(answer.request.url.join(html.unescape(form[1]))), data=values)
