"""Bytes on disk: whole or not at all, checksums, Parquet with described columns."""
