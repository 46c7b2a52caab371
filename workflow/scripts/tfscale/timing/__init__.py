"""Calibrate, one process, one run, its file, the machine's record."""
