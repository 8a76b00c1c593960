"""The simulator's command line: `python -m simulator`."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import click

from simulator.provider import Provider
from simulator.server import serve
from simulator.settings import IMAGE_KINDS, LIMITERS, BadSetting, Settings

_DEFAULTS = Settings()


@click.command(context_settings={"show_default": True, "help_option_names": ["--help", "-h"]})
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8787, help="0 takes a free port.")
@click.option("--rate", type=float, default=_DEFAULTS.rate, help="Submits per second per model.")
@click.option("--running", type=int, default=_DEFAULTS.running, help="Tasks running per model.")
@click.option("--limiter", type=click.Choice(LIMITERS), default=_DEFAULTS.limiter)
@click.option(
    "--query-rate", type=float, default=_DEFAULTS.query_rate, help="Task queries/s per API key."
)
@click.option(
    "--generation-s", type=float, default=_DEFAULTS.generation_s, help="Median seconds of a task."
)
@click.option(
    "--generation-sigma", type=float, default=_DEFAULTS.generation_sigma, help="Its spread."
)
@click.option("--seed", type=int, default=None, help="Makes times and chances repeatable.")
@click.option(
    "--url-ttl-s", type=float, default=_DEFAULTS.url_ttl_s, help="Life of result URLs, seconds."
)
@click.option(
    "--retention-s", type=float, default=_DEFAULTS.retention_s, help="Tasks are then forgotten."
)
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="File that keeps tasks and charges over a restart.",
)
@click.option(
    "--images", type=click.Choice(IMAGE_KINDS), default=_DEFAULTS.images, help="Pictures' kind."
)
@click.option(
    "--image-bytes", type=int, default=_DEFAULTS.image_bytes, help="Size of a small picture."
)
@click.option(
    "--connections", type=int, default=_DEFAULTS.connections, help="Synchronous calls per model."
)
@click.option("--retired", default=_DEFAULTS.retired, help="Models that are gone: NAME,NAME.")
@click.option(
    "--token-ttl-s", type=float, default=_DEFAULTS.token_ttl_s, help="Life of Baidu's tokens."
)
@click.option("--credits", type=float, default=_DEFAULTS.credits, help="Per Stability account.")
@click.option("--burst", type=int, default=_DEFAULTS.burst, help="Stability requests in 10 s.")
@click.option(
    "--penalty-s", type=float, default=_DEFAULTS.penalty_s, help="Stability's, for a burst."
)
@click.option("--echo-prompt", is_flag=True, help="Results repeat the prompt, as wan models do.")
@click.option("--exit-with-parent", is_flag=True, help="End when standard input closes.")
def main(
    host: str,
    port: int,
    seed: int | None,
    journal: Path | None,
    exit_with_parent: bool,
    **settings: object,
) -> None:
    """Stand in for image providers on a port, with their limits, pictures and failures.

    Speaks the protocols of DashScope, Baidu Qianfan, Stability AI, and OpenAI's images API with
    Volcengine Ark, SiliconFlow and servers of one's own.

    Prints one JSON line with the base URL once it accepts connections. An API key that begins
    with sk- is good everywhere. See /_ledger for what was asked and charged, /_faults to script failures,
    /_config to change limits while it runs.
    """
    try:
        checked = _DEFAULTS.changed(settings)
    except BadSetting as error:
        raise click.UsageError(str(error)) from error
    try:
        listener = _listen(host, port)
        provider = Provider(checked, seed, journal)
    except OSError as error:
        raise click.ClickException(str(error)) from error
    except (ValueError, KeyError) as error:
        raise click.ClickException(f"{journal} is no journal of a simulator: {error}") from error
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listener.getsockname()[1]}"
    serve(provider, listener, lambda: click.echo(json.dumps({"url": url})), exit_with_parent)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # A restart on the same port must not wait for old connections to be forgotten.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


if __name__ == "__main__":
    main(prog_name="imagemill simulator", auto_envvar_prefix="SIMULATOR")
