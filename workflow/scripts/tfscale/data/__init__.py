"""Download, sources, encode."""
