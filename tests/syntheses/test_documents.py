"""Documents of a synthesis: compiled with their progress, downloaded, read on line, written from the shell."""

import base64
import csv
import hashlib
import io
import json
import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from forum.database import row, rows
from forum.documents.formats import FORMATS, MissingRenderer
from forum.domain import jobs
from forum.domain.syntheses.documents import ORDER
from forum.errors import Invalid
from tests.compiled_syntheses import (
    DRAFT,
    Quick,
    ask,
    compiled,
    fail_every_try,
    file_names,
    snapshot_json,
    voted_theme,
    work_off,
)
from tests.conftest import NOON, Clock
from tests.factories import CONFIRMED, count, make_proposal
from workers.rendering import RenderingFailed, rendered
from workers.syntheses import compile_here


async def test_the_formats_are_listed_in_an_order_that_knows_them_all() -> None:
    assert {*FORMATS, "txt", "zip"} == set(ORDER)


# Compiling


async def test_every_format_is_made_and_says_the_same(agent: AsyncClient, clock: Clock) -> None:
    await voted_theme()
    address = await compiled(agent, clock)
    names = await file_names(agent, address)
    endings = [*FORMATS, "verification.zip", "empreintes.txt"]
    assert sorted(names) == sorted(f"synthese-T3-v1-2026-11-23.{ending}" for ending in endings)
    files = {name.rsplit(".")[-1]: await agent.get(f"{address}/{name}") for name in names}
    media_types = {name: known.media_type for name, known in FORMATS.items()}
    media_types |= {"zip": "application/zip", "txt": "text/plain; charset=utf-8"}
    page = (await agent.get(address)).text
    for format_, file in files.items():
        assert file.status_code == 200
        assert file.headers["content-disposition"].startswith("attachment; filename=")
        assert file.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in file.headers["content-security-policy"]
        assert file.headers["content-type"] == media_types[format_]
        digest = hashlib.sha256(file.content).hexdigest()
        assert digest in page
        assert file.headers["etag"] == f'"{digest}"'
    sheet = list(csv.reader(io.StringIO(files["csv"].content.decode("utf-8-sig")), delimiter=";"))
    assert len(sheet) == 3
    assert files["pdf"].content.startswith(b"%PDF-")
    assert json.loads(files["json"].content)


async def test_a_second_compilation_of_the_same_data_gives_the_same_bytes(agent: AsyncClient, clock: Clock) -> None:
    await voted_theme()
    await compiled(agent, clock)
    before = [tuple(r) for r in await rows("SELECT format, sha256, size FROM document ORDER BY format")]
    await rows("UPDATE synthesis SET state = 'requested'")
    await rows("UPDATE job SET state = 'queued'")
    clock.pass_(days=3)
    await work_off(clock)
    assert [tuple(r) for r in await rows("SELECT format, sha256, size FROM document ORDER BY format")] == before


async def test_a_job_that_runs_twice_changes_nothing(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    await voted_theme()
    await compiled(agent, clock)
    before = [tuple(r) for r in await rows("SELECT id, format, sha256 FROM document ORDER BY id")]
    await rows("UPDATE job SET state = 'queued'")
    await work_off(clock)
    assert [tuple(r) for r in await rows("SELECT id, format, sha256 FROM document ORDER BY id")] == before


async def test_a_missing_renderer_costs_one_format_and_is_named(agent: AsyncClient, clock: Clock, quick: Quick) -> None:
    def missing() -> bytes:
        raise MissingRenderer("typst", "PDF")

    await voted_theme()
    quick["pdf"] = missing
    address = await compiled(agent, clock)
    page = await agent.get(address)
    assert len(await file_names(agent, address)) == len(ORDER) - 1
    error = await row("SELECT error FROM document WHERE format = 'pdf'")
    assert error is not None
    assert "typst" in error["error"]
    assert "pdf" in error["error"].lower()
    assert "Recommencer la compilation" in page.text
    del quick["pdf"]
    assert (await agent.post(f"{address}/recommencer")).status_code == 303
    await work_off(clock)
    assert len(await file_names(agent, address)) == len(ORDER)
    assert (await agent.post(f"{address}/recommencer")).status_code == 409


async def test_a_failure_shows_its_reason_and_trace_then_starts_again(
    agent: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await voted_theme()
    await ask(agent)
    await fail_every_try(clock, quick)
    page = await agent.get("/syntheses/1")
    assert "plus d’encre" in page.text
    trace = await row("SELECT trace_id FROM job")
    assert trace is not None
    assert trace["trace_id"] in page.text
    assert (await agent.get("/api/v1/syntheses/1")).json()["state"] == "failed"
    assert await count("document") == 0
    del quick["pdf"]
    await agent.post("/syntheses/1/recommencer")
    await work_off(clock)
    assert (await agent.get("/api/v1/syntheses/1")).json()["state"] == "done"


async def test_progress_is_that_of_the_format_under_way(
    agent: AsyncClient, clock: Clock, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, object]] = []
    advance = jobs.advance

    async def watched(claim: jobs.Claim, done: int, total: int, step: str) -> None:
        await advance(claim, done, total, step)
        if step:
            seen.append((await agent.get("/api/v1/syntheses/1")).json())
            assert await count("document") == 0

    monkeypatch.setattr(jobs, "advance", watched)
    await voted_theme()
    await compiled(agent, clock)
    assert [(one["state"], one["done"], one["total"], one["step"]) for one in seen] == [
        ("running", n, len(FORMATS) + 1, name.upper()) for n, name in enumerate([*FORMATS, "zip"])
    ]


async def test_data_that_cannot_be_read_fails_with_its_reason(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RenderingFailed, match="photographie"):
        await anext(rendered(b"{}"))
    assert "Traceback" in capfd.readouterr().err


async def test_a_layout_process_that_is_killed_is_a_failure_and_not_a_document(
    agent: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await voted_theme()
    await ask(agent)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RenderingFailed, match="s’est arrêté"):
        await anext(rendered(await snapshot_json()))


async def test_the_layout_process_is_handed_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, program = tmp_path / "environment", tmp_path / "python"
    program.write_text(f"#!/bin/sh\nenv > {seen}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("FORUM_SECURITY__KEY", "un-secret")
    with pytest.raises(RenderingFailed):
        await anext(rendered(b"{}"))
    assert "PATH=" in seen.read_text()
    assert "FORUM_" not in seen.read_text()


# Reading


async def test_the_document_read_on_line_keeps_its_style_and_nothing_else(agent: AsyncClient, clock: Clock) -> None:
    await voted_theme()
    address = await compiled(agent, clock)
    answer = await agent.get(f"{address}/lire")
    policy = answer.headers["content-security-policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "content-disposition" not in answer.headers
    assert "<script" not in answer.text


async def test_a_replaced_document_read_on_line_says_so_above_its_title(
    agent: AsyncClient, public: AsyncClient, clock: Clock
) -> None:
    theme = await voted_theme()
    first = await compiled(agent, clock)
    await make_proposal(theme, "Une proposition de plus.")
    second = await compiled(agent, clock)
    await agent.post(f"{first}/publier", data=CONFIRMED)
    before = await public.get(f"{first}/lire")
    assert "remplacée" not in before.text
    await agent.post(f"{second}/publier", data=CONFIRMED)
    answer = await public.get(f"{first}/lire")
    title = answer.text.index("<h1")
    assert f'<a href="{second}">Lire la version 2, publiée le' in answer.text[:title]
    assert answer.text[title:] == before.text[before.text.index("<h1") :]
    assert answer.headers["etag"] != before.headers["etag"]
    assert answer.headers["content-security-policy"] == before.headers["content-security-policy"]
    assert "remplacée" not in (await public.get(f"{second}/lire")).text


async def test_a_document_already_had_is_not_sent_again(
    agent: AsyncClient, public: AsyncClient, clock: Clock, quick: Quick
) -> None:
    await voted_theme()
    address = await compiled(agent, clock)
    name = (await file_names(agent, address))[0]
    etag = (await agent.get(f"{address}/{name}")).headers["etag"]
    again = await agent.get(f"{address}/{name}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert (await public.get(f"{address}/{name}", headers={"If-None-Match": etag})).status_code == 404


@pytest.mark.parametrize(
    "name", ["synthese-T3-v2-2026-11-23.pdf", "synthese-T3-v1-2026-11-23.exe", "x.pdf", "..%2f..%2fx.pdf", "%00.pdf"]
)
async def test_a_document_has_one_name(agent: AsyncClient, clock: Clock, quick: Quick, name: str) -> None:
    await voted_theme()
    address = await compiled(agent, clock)
    assert (await agent.get(f"{address}/{name}")).status_code == 404


# From the shell


async def test_the_command_writes_whole_files_of_the_formats_asked_for(
    database: object, worker_clock: Clock, tmp_path: Path
) -> None:
    await voted_theme()
    seen: list[tuple[int, int, str]] = []
    made = await compile_here(3, ["csv", "json"], tmp_path / "out", NOON, lambda *step: seen.append(step))
    assert [path.name for path in made.files] == ["synthese-T3-v1-2026-11-23.csv", "synthese-T3-v1-2026-11-23.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in made.files]
    assert (made.draft, made.is_new, made.problems) == (False, True, ())
    assert seen[-1][:2] == (len(FORMATS) + 1, len(FORMATS) + 1)
    again = await compile_here(3, ["csv"], tmp_path / "again", NOON + timedelta(hours=1), lambda *step: None)
    assert (again.is_new, again.version) == (False, 1)
    assert again.files[0].read_bytes() == made.files[0].read_bytes()


async def test_the_command_makes_a_working_draft_while_votes_are_open(
    database: object, worker_clock: Clock, tmp_path: Path, quick: Quick
) -> None:
    await voted_theme(votes=DRAFT)
    made = await compile_here(None, ["json"], tmp_path, NOON, lambda *step: None)
    assert made.draft
    assert '"kind":"working draft"' in made.files[0].read_text()
    assert made.files[0].name == "synthese-consultation-brouillon1-2026-11-23.json"


@pytest.mark.parametrize(("theme", "formats"), [(3, ["pdf", "doc"]), (9, ["pdf"])])
async def test_the_command_refuses_an_unknown_theme_or_format_before_any_work(
    database: object, tmp_path: Path, theme: int, formats: list[str]
) -> None:
    await voted_theme()
    with pytest.raises(Invalid):
        await compile_here(theme, formats, tmp_path / "out", NOON, lambda *step: None)
    assert await count("synthesis") == 0
