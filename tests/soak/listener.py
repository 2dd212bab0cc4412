"""What a screen reader hears of focus, line by line: ``/usr/bin/python3 tests/soak/listener.py``. A program of its
own, for the system's Python, which has the bindings of AT-SPI."""

import pyatspi
from gi.repository import GLib


def heard(event):
    """Something has got the focus."""
    if event.detail1 == 1:
        source = event.source
        try:
            line = f"focus|{source.getRoleName()}|{source.name}|{source.description}"
        except GLib.GError:  # it has gone meanwhile
            return
        print(line, flush=True)


pyatspi.Registry.registerEventListener(heard, "object:state-changed:focused")
print("ready", flush=True)
pyatspi.Registry.start()
