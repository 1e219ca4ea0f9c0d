"""Which services can the tests use here? `python -m tests.services [--quiet] [names]` lists them and what is missing.

A suite that silently skips its database proves nothing: what is missing is printed in full, and fails when CI=true.
"""

import argparse
import asyncio
import os
import shutil
import sys

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

# Seconds: a busy machine answers late, one without the service says so at once.
PATIENCE = 60
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    """The path of a Chromium, if there is one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def node() -> str | None:
    """The path of node, if there is one with npm, which brings the provider of identities."""
    return shutil.which("node") if shutil.which("npm") else None


def office() -> str | None:
    """The path of LibreOffice, if there is one with pdftotext, which reads what it prints."""
    return shutil.which("soffice") if shutil.which("pdftotext") else None


async def postgres_problem(url: str) -> str | None:
    """Why PostgreSQL cannot be used; None when it can."""
    try:
        connection = await asyncpg.connect(url, timeout=PATIENCE)
    except (OSError, asyncpg.PostgresError, TimeoutError) as problem:
        return f"PostgreSQL does not answer at FORUM_TEST_POSTGRES ({problem!r})"
    await connection.close()
    return None


async def redis_problem(url: str) -> str | None:
    """Why Redis cannot be used; None when it can."""
    client = Redis.from_url(url, socket_connect_timeout=PATIENCE)
    try:
        await client.ping()
    except (OSError, RedisError) as problem:
        return f"Redis does not answer at FORUM_TEST_REDIS ({problem!r})"
    finally:
        await client.aclose()
    return None


async def problems(names: list[str]) -> list[str]:
    """What is missing, a sentence each."""
    found: list[str | None] = []
    if "postgres" in names:
        found.append(await postgres_problem(os.environ["FORUM_TEST_POSTGRES"]))
    if "redis" in names:
        found.append(await redis_problem(os.environ["FORUM_TEST_REDIS"]))
    if "browser" in names and browser() is None:
        found.append(f"no browser ({', '.join(BROWSERS)}): the tests in a real page cannot run")
    if "node" in names and node() is None:
        found.append("no node with npm: nobody signs in with a real provider of identities")
    if "office" in names and office() is None:
        found.append("no soffice with pdftotext: nothing says what LibreOffice shows of minutes")
    return [problem for problem in found if problem]


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--quiet", action="store_true")
    asked.add_argument("names", nargs="*", default=[])
    given = asked.parse_args()
    missing = asyncio.run(problems(given.names or ["postgres", "redis", "browser", "node", "office"]))
    for problem in missing:
        if not given.quiet:
            print(f"\n!!! {problem}\n!!! Tests that need it DO NOT RUN.\n", file=sys.stderr)
    if given.quiet:
        return 1 if missing else 0
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
