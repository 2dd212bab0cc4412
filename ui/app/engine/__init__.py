"""The engine behind the ports: what the view models submit runs on its loop."""
