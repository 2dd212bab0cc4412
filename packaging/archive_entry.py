"""What the archive's program runs."""

import sys

if sys.argv[1:2] == ["--film-worker"]:  # see player.thumbnails.films.worker_command
    from player.media.film_worker import main

    sys.exit(main(sys.argv[2:]))

from ui.cli.main import entry

entry()
