"""The status pages' server: who may see what, and the process around it."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from urllib.parse import parse_qs, quote, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ledger.errors import LedgerError, LedgerNewer
from producer.errors import ProducerError
from producer.ui.access import COOKIE, LASTS_S, Access
from producer.ui.pages import page, read
from producer.ui.views import Views
from producer.ui.words import Speech, language_of
from schemas.clock import Clock
from storage import StorageError

log = logging.getLogger(__name__)

LANGUAGE = "imagemill_language"
_YEAR_S = 365 * 86_400
_MOST_FORM_BYTES = 4096
LAST_PAGES_S = 6
"""Whoever is just looking gets the page, or is told that the ledger is away, which is known by then."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_STATIC = {"style.css": "text/css; charset=utf-8", "live.js": "text/javascript; charset=utf-8"}

View = Callable[[Request, Speech], Response | None]
"""What answers a request; None: there is no such page."""


class Desk:
    """Lets people in who have the token, and shows them the pages."""

    def __init__(self, views: Views, access: Access, clock: Clock) -> None:
        self._views = views
        self._access = access
        self._clock = clock

    def application(self) -> Starlette:
        """All addresses there are."""
        views = self._views
        return Starlette(
            routes=[
                Route("/healthz", _alive, methods=["GET"]),
                Route("/static/{name}", _static, methods=["GET"]),
                Route("/favicon.ico", _no_icon, methods=["GET"]),
                Route("/login", self._ask, methods=["GET"]),
                Route("/login", self._let_in, methods=["POST"]),
                Route("/logout", self._let_out, methods=["POST"]),
                Route("/", self._guarded(views.batches), methods=["GET"]),
                Route("/lanes", self._guarded(views.lanes), methods=["GET"]),
                Route("/batches/{batch}", self._guarded(views.batch), methods=["GET"]),
                Route("/files/{batch}/{path:path}", self._guarded(views.file), methods=["GET"]),
            ],
            exception_handlers={404: self._unknown, 405: self._unknown},
            max_body_size=_MOST_FORM_BYTES,
        )

    def _guarded(self, view: View) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            given = request.query_params.get("token")
            if given is not None and self._access.opens(given):
                return self._welcome(request, request.url.path)
            if not self._access.admits(request.cookies.get(COOKIE, ""), self._now_s()):
                target = quote(request.url.path, safe="/")
                return _dressed(RedirectResponse(f"/login?next={target}", status_code=303))
            speech = _speech(request)
            return _remembering(request, speech, self._shown(view, request, speech))

        return answer

    def _shown(self, view: View, request: Request, speech: Speech) -> Response:
        try:
            found = view(request, speech)
        except (LedgerError, StorageError, ProducerError) as error:
            log.warning("%s", error)
            # Only what kind of trouble: the rest may name hosts that are nobody's business.
            told = isinstance(error, LedgerNewer) or isinstance(error.__cause__, LedgerNewer)
            why = str(error) if told else (type(error).__doc__ or "")
            return _dressed(HTMLResponse(page("trouble.html", speech, why=why), 503))
        return self._unknown(request) if found is None else _dressed(found)

    def _unknown(self, request: Request, _error: Exception | None = None) -> Response:
        return _dressed(HTMLResponse(page("unknown.html", _speech(request)), 404))

    def _ask(self, request: Request) -> Response:
        return self._form(request, request.query_params.get("next", "/"), wrong=False)

    def _form(self, request: Request, target: str, *, wrong: bool) -> Response:
        speech = _speech(request)
        shown = page("login.html", speech, target=_own(target), wrong=wrong)
        answer = _dressed(HTMLResponse(shown, 403 if wrong else 200))
        return _remembering(request, speech, answer)

    async def _let_in(self, request: Request) -> Response:
        """Whoever posts the token gets the cookie; asynchronous, as a body cannot be read otherwise."""
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        target = _own(fields.get("next", ["/"])[0])
        if not self._access.opens(fields.get("token", [""])[0].strip()):
            log.warning("Somebody gave a wrong token.")
            return self._form(request, target, wrong=True)
        return self._welcome(request, target)

    def _welcome(self, request: Request, target: str) -> Response:
        """The cookie, and the page without the token in its address."""
        answer = RedirectResponse(quote(target, safe="/"), status_code=303)
        answer.set_cookie(
            COOKIE,
            self._access.cookie(self._now_s()),
            max_age=LASTS_S,
            httponly=True,
            samesite="lax",  # a link in a chat leads here; nothing can be changed here
            secure=request.url.scheme == "https",
        )
        return _dressed(answer)

    def _let_out(self, _request: Request) -> Response:
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return _dressed(answer)

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def _alive(_request: Request) -> Response:
    """For whoever watches the process; it says nothing of the mill."""
    return _dressed(PlainTextResponse("ok"))


def _no_icon(_request: Request) -> Response:
    """What browsers ask for beside a contact sheet: there is none, which is no fault."""
    return _dressed(Response(status_code=204))


def _static(request: Request) -> Response:
    name = str(request.path_params["name"])
    if name not in _STATIC:
        return _dressed(PlainTextResponse("", 404))
    headers = {"Content-Type": _STATIC[name], "Cache-Control": "no-cache"}
    return _dressed(Response(read(name), headers=headers))


def _dressed(answer: Response) -> Response:
    """What every answer says; its own word counts where it has one."""
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _speech(request: Request) -> Speech:
    asked = request.query_params.get("lang", "")
    accepted = request.headers.get("accept-language", "")
    return Speech(language_of(asked, request.cookies.get(LANGUAGE, ""), accepted))


def _remembering(request: Request, speech: Speech, answer: Response) -> Response:
    """Keep the language that was asked for."""
    if request.query_params.get("lang"):
        answer.set_cookie(LANGUAGE, speech.language, max_age=_YEAR_S, httponly=True, samesite="lax")
    return answer


def _own(target: str) -> str:
    """A path of ours to go to; the first page for whatever leads elsewhere."""
    parts = urlsplit(target)
    ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    return parts.path if ours and not parts.scheme and not parts.netloc else "/"


class _AnnouncingServer(uvicorn.Server):
    """Says when it accepts connections, and when it is to accept none any more."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], leaving: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._leaving = leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Say so, then end as uvicorn does."""
        self._leaving()
        super().handle_exit(sig, frame)


def serve(
    desk: Desk,
    listener: socket.socket,
    ready: Callable[[], None],
    leaving: Callable[[], None] = lambda: None,
) -> None:
    """Serve on a bound socket until SIGTERM or SIGINT; `leaving` is called in the signal's handler."""
    config = uvicorn.Config(
        desk.application(),
        ws="none",
        lifespan="off",
        access_log=False,  # a token may stand in an address once
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=LAST_PAGES_S,
    )
    # uvicorn raises the signal anew once it has shut down; ending well is exit code 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    _AnnouncingServer(config, ready, leaving).run(sockets=[listener])
