"""A module a question; its table, its columns and its sentences stand together."""
