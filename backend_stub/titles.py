"""The names that catalogue, licences and edges share: ids of titles and their variants."""

TITLE_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
ENCRYPTED = "encrypted"
CLEAR = "clear"
VARIANTS = (ENCRYPTED, CLEAR)
LIVE = "live"  # a channel over the clear variant
VERSION_PATTERN = r"^v[1-9][0-9]{0,5}$"


def version_name(version: int) -> str:
    """The folder of a version above the first, in the media folder and in addresses."""
    return f"v{version}"
