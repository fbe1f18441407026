"""Becomes Node with the script of a peer: `python -m benchmarks.peers.node_process SCRIPT`.

So that all servers are started, watched and ended by the same code; the process id stays the same.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "node"

if __name__ == "__main__":
    os.execvp("node", ["node", str(FOLDER / sys.argv[1])])
