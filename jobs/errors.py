"""The errors of background work that an operator meets.

BrokerError       the broker cannot be used; the message says what to do
"""

from __future__ import annotations


class BrokerError(Exception):
    """The broker cannot be used; the message is one plain sentence for an operator."""
