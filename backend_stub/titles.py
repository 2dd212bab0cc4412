"""The names that catalogue, licences and edges share: ids of titles and their variants."""

TITLE_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
ENCRYPTED = "encrypted"
CLEAR = "clear"
VARIANTS = (ENCRYPTED, CLEAR)
LIVE = "live"  # a channel over the clear variant
