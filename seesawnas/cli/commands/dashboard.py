"""``seesawnas dashboard``: a study in the browser, while its search runs or afterwards."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesawnas.cli.options import LatestStudy, StudyStorage
from seesawnas.cli.views.output import print_lines
from seesawnas.errors import StudyError
from seesawnas.io.terminal import only_shown

if TYPE_CHECKING:
    from socketserver import BaseServer

PORT = 8080


def dashboard(
    study: LatestStudy = None,
    storage: StudyStorage = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(metavar="N", help=f"Port. Default: {PORT}, or a free port if it is in use."),
    ] = None,
) -> None:
    """Show a study in the browser (optuna-dashboard), also while it runs.

    It shows trials, diagrams, costs, the Pareto front and curves.

    Read only: a running search is not affected. Stop the dashboard with Ctrl-C.
    """
    from seesawnas.report.dashboard import NetworkDashboardContent
    from seesawnas.study import dashboard_app, find_study
    from seesawnas.study.dashboard.guard import check_request_origin

    if port is not None and not 0 <= port < 2**16:
        raise StudyError(f"--port must be from 0 to 65535, got {port}")
    found = find_study(study, storage)
    app = dashboard_app(found.storage, NetworkDashboardContent({found.stored: found.ref}))
    with _server(host, port, check_request_origin(app, host)) as server:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        only_shown()
        print_lines(
            f"{found.folder}: {_address(host, server)}/dashboard/studies/{found.number} (Ctrl-C "
            "to stop)"
        )
        server.serve_forever()


def _server(host: str, port: int | None, app: Any) -> BaseServer:
    """A server of ``app`` on ``port``; if it is None, on the default port or any free one.

    Raises:
        StudyError: If it cannot listen there.
    """
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def server_bind(self) -> None:
            # WSGIServer's asks a name server for this machine's name, and waits if there is none.
            self.socket.bind(self.server_address)
            self.server_name, self.server_port = host, self.socket.getsockname()[1]
            self.setup_environ()

    class Handler(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Log nothing per request."""

        def address_string(self) -> str:
            return str(self.client_address[0])

    for wanted in [PORT, 0] if port is None else [port]:
        try:
            server = Server((host, wanted), Handler)
        except OSError as error:
            fault = error
        else:
            server.set_app(app)
            return server
    raise StudyError(
        f"cannot listen on {host}:{PORT if port is None else port}: {fault.strerror}"
    ) from None


def _address(host: str, server: Any) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{server.server_port}"
