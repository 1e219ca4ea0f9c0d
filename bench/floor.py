"""The floor: a bare Starlette that returns ready bytes, under the same server with the same settings as the forum.

`python -m bench.floor PORT FOLDER`: every file of FOLDER is answered at its name, with GET and POST.
"""

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forum.connections import Connection


def build(folder: Path) -> Starlette:
    pages = {f"/{path.name}": path.read_bytes() for path in folder.iterdir()}

    async def answer(request: Request) -> Response:
        return Response(pages[request.url.path], media_type="text/html; charset=utf-8")

    return Starlette(routes=[Route(path, answer, methods=["GET", "POST"]) for path in pages])


if __name__ == "__main__":
    uvicorn.run(
        build(Path(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
