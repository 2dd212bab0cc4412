"""What the app keeps in the profile of this user: settings, caches, counts."""
