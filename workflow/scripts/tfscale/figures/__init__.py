"""Their look, and one module a subject."""
