"""What runs in Snakemake's own process: digests of code, start and end, progress, estimate."""
