"""What the archive's program runs."""

from ui.cli.main import entry

entry()
