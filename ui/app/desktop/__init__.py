"""What the app shares with the desktop around it, over D-Bus. Without a bus it is left out."""
