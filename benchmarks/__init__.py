"""Measurements of the platform, one JSON line a figure. Run as `./kb bench NAME`."""
