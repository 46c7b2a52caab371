"""The page and its explorer."""
