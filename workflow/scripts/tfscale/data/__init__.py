"""The data: downloaded or made up, then encoded as the arrays that a model reads."""
