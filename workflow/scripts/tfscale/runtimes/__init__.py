"""How a model is loaded and called: one module a runtime, and the conversion for it."""
