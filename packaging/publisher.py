"""Who publishes the packages.

The domain here belongs to nobody (RFC 2606). Whoever publishes puts one of their own in its place, before the first
release: desktops and software centres know a program by its id for good.
"""

DOMAIN = "example.org"
PAGES = f"https://matinee.{DOMAIN}/"
"""Where the site of ``make docs`` is."""
MAINTAINER = f"The Matinee developers <matinee@{DOMAIN}>"
COMPONENT_ID = ".".join([*reversed(DOMAIN.split(".")), "matinee"])
"""Of the AppStream description; the desktop file is ``matinee.desktop`` whoever publishes."""
