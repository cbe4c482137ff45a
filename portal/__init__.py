"""Doors: web, API, command line and worker."""
