"""The ``seesawnas`` command: its subcommands, and how errors become exit codes.

Exit codes: 0 success, 1 a check failed, 2 a user error (reported on stderr without a traceback)
or a result that cannot be written, 130 Ctrl-C, 141 the reader of the output has closed it.
A command imports what it needs when it runs, so that ``--help`` is fast.
"""

from __future__ import annotations

import errno
import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from seesawnas.cli.commands.ablate import ablate
from seesawnas.cli.commands.build import build
from seesawnas.cli.commands.compare import compare
from seesawnas.cli.commands.confirm import confirm
from seesawnas.cli.commands.dashboard import dashboard
from seesawnas.cli.commands.data import data
from seesawnas.cli.commands.evaluate import evaluate
from seesawnas.cli.commands.export import export
from seesawnas.cli.commands.fidelity import fidelity
from seesawnas.cli.commands.identify import identify
from seesawnas.cli.commands.importance import importance
from seesawnas.cli.commands.latency import latency
from seesawnas.cli.commands.latency_fit import fit
from seesawnas.cli.commands.paper import paper
from seesawnas.cli.commands.report import report
from seesawnas.cli.commands.sample import sample
from seesawnas.cli.commands.score import score
from seesawnas.cli.commands.search import search
from seesawnas.cli.commands.space import space
from seesawnas.cli.commands.studies import studies
from seesawnas.cli.commands.train import train
from seesawnas.cli.usage import add_commands, in_lines, is_usage, said, usage_line
from seesawnas.errors import InvalidInput
from seesawnas.io.isolation import isolate_imports, raise_on_interrupt
from seesawnas.io.terminal import OutputLost, install
from seesawnas.text import bounded, one_line, plain

# A paragraph per line: rich wraps them to the terminal.
ABOUT = "\n\n".join(
    (
        "Neural architecture search of lightweight face-recognition networks.",
        "Networks are written in YAML: a search space defines what may vary; "
        "in a search point every value is fixed. "
        "A REF is your own YAML file or a shipped name, such as seesaw or paper/seesaw_share.",
    )
)
_BAD_NAMES = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR)
_WORDS = "seesawnas.words"
READER_LEFT = 141  # what a shell reports of a program that SIGPIPE ended


class Commands(TyperGroup):
    """The group of all commands; the only place that turns errors into exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that ``ctx`` names."""
        try:
            return super().invoke(ctx)
        except InvalidInput as error:
            print(plain(in_lines(str(error), ctx.meta.get(_WORDS, ()))), file=sys.stderr)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except OSError as error:
            if error.errno not in _BAD_NAMES or error.filename is None:
                raise
            raise said(
                bounded(f"{error.filename}: must be a valid path, got {_words(error)}")
            ) from None
        except Exception as error:
            _say_usage(error)
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that ``args`` name; two words may name one (``latency fit``)."""
        pair = " ".join(args[:2])
        words = [pair, *args[2:]] if len(args) > 1 and pair in self.commands else args
        return super().resolve_command(ctx, words)

    def make_context(self, *words: Any, **more: Any) -> Any:
        """Read the command line."""
        given = [
            word for part in (*words, *more.values()) if isinstance(part, list) for word in part
        ]
        try:
            ctx = super().make_context(*words, **more)
            ctx.meta[_WORDS] = given
            return ctx
        except Exception as error:
            _say_usage(error)
            raise


def _say_usage(error: Exception) -> None:
    """End the command with one line if ``error`` is a fault of the command line."""
    if is_usage(error) and (line := usage_line(error)) is not None:
        raise said(line) from None


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"seesawnas {version('seesawnas')}")
        raise typer.Exit


app = typer.Typer(
    name="seesawnas",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(help=ABOUT, epilog="Start here: [bold]seesawnas build paper/seesaw_share[/bold]")
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Options of the whole command."""


COMMANDS: dict[str, Callable[..., None]] = {
    "build": build,
    "paper": paper,
    "space": space,
    "sample": sample,
    "search": search,
    "ablate": ablate,
    "confirm": confirm,
    "importance": importance,
    "eval": evaluate,
    "identify": identify,
    "fidelity": fidelity,
    "train": train,
    "export": export,
    "latency": latency,
    "latency fit": fit,
    "dashboard": dashboard,
    "report": report,
    "compare": compare,
    "score": score,
}
add_commands(app, COMMANDS)
app.add_typer(data, name="data")
app.add_typer(studies, name="studies")


def main() -> None:
    """Entry point."""
    isolate_imports()
    raise_on_interrupt()
    install()
    warnings.formatwarning = _one_line
    sys.exit(_run())


def _one_line(message: Warning | str, *_where: object, **_line: object) -> str:
    """A warning as the commands print it: without the place in the code."""
    return f"warning: {one_line(str(message))}\n"


def _run() -> Any:
    """Run the command and return its exit code; output that could not be written is reported."""
    try:
        try:
            app(prog_name="seesawnas")
        except SystemExit as leaving:
            code = leaving.code
        sys.stdout.flush()
    except OutputLost as lost:
        if lost.reader_left:
            return READER_LEFT
        print(lost, file=sys.stderr)
        return 2
    return code
