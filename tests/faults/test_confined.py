"""The site as its units run it: another user, a tree that is read-only, no network but the database, Redis and mail.

Its processes live in a network of their own, whose only cable leads to a machine with these three ports: for whatever
else they would ask there is no route, and no name is resolved.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from forum.database import transaction
from forum.domain.mail import post_mail
from forum.settings import ROOT, Settings
from tests.conftest import NOON, PATIENCE
from tests.faults.proxy import before
from tests.test_deploy import READER

# It makes a network and mounts, which not every machine lets root do: `make faults` runs it.
pytestmark = [pytest.mark.anyio, pytest.mark.faults]

# Of this process alone: tests run beside one another.
CABLE = f"10.{64 + os.getpid() % 64}.{os.getpid() // 64 % 256}"
HERE, THERE = f"{CABLE}.1", f"{CABLE}.2"
NOBODY = 65534
DATA = "/mnt"
# In mounts of its own: all may only be read, but the data and what is in memory.
CONFINED = f"""
mount --make-rprivate / && mount --bind "$1" {DATA} && mount -o remount,bind,ro / && shift
exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --no-new-privs {READER} "$@"
"""
# What would be otherwise if it were not so.
PROOF = f"""
import errno, os, socket
for place in ("/etc", "{ROOT}", "{ROOT}/forum", "{DATA}"):
    try:
        os.close(os.open(place, os.O_RDWR | os.O_TMPFILE))
        assert place == "{DATA}", place
    except OSError:
        assert place != "{DATA}"
assert socket.socket().connect_ex(("192.0.2.1", 443)) == errno.ENETUNREACH
"""


def ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, capture_output=True)


@contextmanager
def network() -> Iterator[str]:
    """The name of a network with one cable to this machine, and no way further."""
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("setpriv") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("this needs root, ip and setpriv")
    name = f"cahier-{os.getpid()}"
    ip(f"netns add {name}")
    try:
        ip(f"link add c{os.getpid()} type veth peer name inside netns {name}")
        ip(f"address add {HERE}/30 dev c{os.getpid()}")
        ip(f"link set c{os.getpid()} up")
        for words in (f"address add {THERE}/30 dev inside", "link set inside up", "link set lo up"):
            ip(f"-n {name} {words}")
        yield name
    finally:
        subprocess.run(["ip", "link", "delete", f"c{os.getpid()}"], check=False, capture_output=True)
        ip(f"netns delete {name}")


def confined(name: str, data: Path, *words: str) -> list[str]:
    return ["ip", "netns", "exec", name, "unshare", "-m", "sh", "-c", CONFINED, "sh", str(data), sys.executable, *words]


@contextmanager
def running(words: list[str], known: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as said:
        process = subprocess.Popen(words, cwd=ROOT, env=known, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


class Letters:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.came = asyncio.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.came.set()
        return "250 OK"


@asynccontextmanager
async def services(known: Settings, letters: Letters) -> AsyncIterator[dict[str, str]]:
    """The settings that lead to the database, Redis and a mail server by the cable."""
    async with AsyncExitStack() as open_:
        box = await asyncio.get_running_loop().create_server(lambda: SMTP(letters), HERE, 0)
        await open_.enter_async_context(box)
        told = {
            "FORUM_MAIL__URL": f"smtp://{HERE}:{box.sockets[0].getsockname()[1]}",
            "FORUM_MAIL__STARTTLS": "false",
        }
        for name, url in (("FORUM_DATABASE__URL", known.database.url), ("FORUM_REDIS__URL", known.redis.url)):
            if url.startswith(("postgres", "redis")):
                _, told[name] = await open_.enter_async_context(before(url, at=HERE))
            elif url:
                told[name] = f"sqlite:///{DATA}/{Path(url).name}"
        yield told


async def answer(path: str, site: "subprocess.Popen[bytes]") -> bytes:
    """What the site answers to somebody at the other end of the cable, once it is there."""
    with anyio.fail_after(PATIENCE):
        while site.poll() is None:
            try:
                reader, writer = await asyncio.open_connection(THERE, 8000)
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {THERE}:8000\r\nConnection: close\r\n\r\n".encode())
                told = await reader.read()
                writer.close()
                await writer.wait_closed()
            except OSError:
                await asyncio.sleep(0.1)
            else:
                return told
    pytest.fail("the site has ended")


async def test_a_confined_site_serves_works_and_sends(database: Settings, tmp_path: Path) -> None:
    async with transaction() as tx:
        await post_mail(tx, "password_changed", "lea@exemple.fr", locale="fr", now=NOON, name="Léa")
    for one in (tmp_path, *tmp_path.rglob("*")):
        os.chown(one, NOBODY, NOBODY)
    letters, logs = Letters(), [tmp_path / "site.log", tmp_path / "worker.log"]
    with network() as name:
        async with services(database, letters) as told, AsyncExitStack() as open_:
            known = os.environ | {"FORUM_SITE__DATA_DIR": f"{DATA}/data", "FORUM_SERVER__HOST": THERE} | told
            known |= {"FORUM_SITE__BASE_URL": f"http://{THERE}:8000"}
            subprocess.run(confined(name, tmp_path, "-c", PROOF), cwd=ROOT, env=known, check=True)
            site, *_ = [
                open_.enter_context(running(confined(name, tmp_path, "-m", "forum", command), known, log))
                for command, log in zip(("serve", "work"), logs, strict=True)
                if command == "serve" or "FORUM_REDIS__URL" in told
            ]
            assert b"200 OK" in await answer("/aide", site)
            assert b"200 OK" in await answer("/sante/pret", site)
            with anyio.fail_after(PATIENCE):
                await letters.came.wait()
    said = "".join(log.read_text("utf-8") for log in logs if log.exists())
    assert '"level": "error"' not in said, said
