"""The downloads of this user, as the app shows them."""
