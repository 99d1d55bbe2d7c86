"""The routes of the studio. Each is thin: it reads a request, calls the studio, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from fgraph import _limits
from fgraph._errors import FgraphError
from fgraph.studio.catalogue import make_catalogue
from fgraph.studio.messages import Uploaded
from fgraph.studio.security import Access, Guard
from fgraph.studio.socket import serve
from fgraph.studio.studio import Studio
from fgraph.studio.uploads import Use

DIST = Path(__file__).parent / "dist"  # the built page
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".md": "text/plain"}
_USES: dict[str, Use] = {"image": "image", "photo": "photo"}
_NOT_BUILT = "The page of the studio is not built: run `npm ci && npm run build` in studio/.\n"


def make_app(studio: Studio, access: Access) -> ASGIApp:
    """Return the application, with the guard around every route."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with studio.running():
            yield

    async def socket(websocket: WebSocket) -> None:
        await serve(websocket, studio)

    async def catalogue(request: Request) -> Response:
        await studio.first_picture.wait()
        content = await run_in_threadpool(make_catalogue, studio.models)
        return JSONResponse(content.model_dump())

    decoding = asyncio.Semaphore(1)  # the memory for one picture at a time

    async def upload(request: Request) -> Response:
        return await _upload(request, studio, decoding)

    async def file(request: Request) -> Response:
        found = studio.exports.get(request.path_params["id"])
        if found is None:
            return PlainTextResponse("There is no such file: export it again.\n", 404)
        return FileResponse(found, filename=found.name, content_disposition_type="attachment")

    routes = [
        Route("/", _page),
        Route("/assets/{name}", _asset),
        Route("/api/catalogue", catalogue),
        Route("/api/uploads", upload, methods=["POST"]),
        Route("/api/files/{id}", file),
        WebSocketRoute("/api/socket", socket),
    ]
    return Guard(Starlette(routes=routes, lifespan=lifespan), access)


def routes_of(app: Any) -> list[Route | WebSocketRoute]:
    """Return every route behind a guard, for the test that each is protected."""
    return list(app._app.routes)


async def _page(request: Request) -> Response:
    return _built(DIST / "index.html")


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _assets():
        return PlainTextResponse("There is no such file.\n", 404)
    return _built(DIST / "assets" / name)


@lru_cache
def _assets() -> frozenset[str]:
    """Return the names of the built files; a request is only compared with them."""
    folder = DIST / "assets"
    return frozenset(one.name for one in folder.iterdir()) if folder.is_dir() else frozenset()


def _built(path: Path) -> Response:
    if not path.is_file():
        return PlainTextResponse(_NOT_BUILT, 404)
    return Response(path.read_bytes(), media_type=_TYPES.get(path.suffix, "application/octet-stream"))


async def _upload(request: Request, studio: Studio, decoding: asyncio.Semaphore) -> Response:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _limits.STUDIO_UPLOAD:
            return PlainTextResponse(f"The file has more than {_limits.STUDIO_UPLOAD >> 20} MiB.\n", 413)
    try:
        use = _USES.get(request.query_params.get("as", ""), "any")
        async with decoding:
            made = await run_in_threadpool(studio.uploads.add, bytes(content), use)
    except FgraphError as error:
        return PlainTextResponse(f"{error}\n", 415)
    return JSONResponse(Uploaded(id=made.id, kind=made.kind, width=made.width, height=made.height).model_dump())
