"""How far is one's archive? What the page's script asks each second."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.domain.privacy.personal_data import own_archive


async def show(request: Request) -> Response:
    """{state, done, total, step, label}: state is queued, running, done or failed; of the reader's own archive."""
    archive = await own_archive(request.state.viewer, request.state.now)
    progress = archive.progress if archive and not archive.is_ready else None
    answer = {
        "state": progress.state if progress else "done",
        "done": progress.done if progress else 0,
        "total": progress.total if progress else 0,
        "step": progress.step if progress else "",
        "label": progress.label if progress else "",
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})
