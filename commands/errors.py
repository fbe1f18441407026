"""The error of a command.

CommandError      the command cannot do what was asked; the message is one plain sentence
"""

from __future__ import annotations


class CommandError(Exception):
    """The command cannot do what was asked; the message is one plain sentence for an operator."""
