"""The machine around the app: display, audio, signals, disks, language."""
