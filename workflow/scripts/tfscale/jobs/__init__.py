"""A process, a log, a lock: warm parent, fresh processes, limits, one timing at a time."""
