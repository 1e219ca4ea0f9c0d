"""How far is a synthesis? What the page's script asks each second; also the way for other programs to wait for one."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.domain.syntheses.syntheses import read_synthesis


async def show(request: Request) -> Response:
    """{version, draft, state, done, total, step, label}: state is queued, running, done or failed; step is the format
    under way; working drafts (`draft`) and final syntheses are numbered apart.
    """
    page = await read_synthesis(request.state.viewer, request.path_params["synthesis"], request.state.now)
    progress = page.progress
    answer = {
        "version": page.line.version,
        "draft": page.line.draft,
        "state": page.job_state,
        "done": progress.done if progress else 0,
        "total": progress.total if progress else 0,
        "step": progress.step if progress else "",
        "label": progress.label if progress else "",
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})
