"""From all run files to runs, cells and the paper's tables."""
