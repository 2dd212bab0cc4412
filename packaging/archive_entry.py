"""What the archive's program runs."""

import sys

if sys.argv[1:2] == ["--worker"]:  # see player.media.bounded.worker_command
    from importlib import import_module

    from player.media.bounded import WORKERS

    if sys.argv[2:3] and sys.argv[2] in WORKERS:
        sys.exit(import_module(sys.argv[2]).main(sys.argv[3:]))

from ui.cli.main import entry

entry()
