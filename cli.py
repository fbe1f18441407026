"""The `dossier` command: starts the product, and manages its accounts, rules, keys, jobs and trail.

Owns exit codes and how a refusal is told: every expected failure is one plain sentence on stderr and a non-zero exit.
What carries a command out is imported once its arguments and the settings are known to be right.
"""

from __future__ import annotations

import os
import pkgutil
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from commands.arguments import parser
from commands.errors import CommandError
from documents.errors import EmbeddedMongoDBError, ExternalMongoDBError, InvalidValueError, LayoutError, RootKeyError
from jobs.errors import BrokerError
from settings import Settings, SettingsError

Command = Callable[[Settings, Namespace], int | None]
"""Returns an exit code other than 0 where what was asked for was done, and found something wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, or ended by a signal; 1 refused, or something is wrong.

    Raises SystemExit with 2 for wrong arguments, and with 0 after a help text."""
    # `kill` ends the process as Ctrl-C does: through every `finally`, with the database last.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return run(arguments)


def run(arguments: Sequence[str] | None = None) -> int:
    """`main` without its hold on signals, which the main thread alone can have."""
    parsed = parser().parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
        command: Command = pkgutil.resolve_name(parsed.command)
        return command(settings, parsed) or 0
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again when it ends
        return 1
    except InvalidValueError as error:
        return _refuse("; ".join(f"{item.field} is not valid" for item in error.fields))
    except (
        BrokerError,
        CommandError,
        EmbeddedMongoDBError,
        ExternalMongoDBError,
        LayoutError,
        RootKeyError,
        SettingsError,
    ) as error:
        return _refuse(str(error))


def _refuse(sentence: str) -> int:
    print(f"dossier: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
