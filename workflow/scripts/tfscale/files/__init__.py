"""Files on disk: whole or not at all, with checksums; Parquet whose columns say what they hold."""
