"""The models: built, trained within a budget, saved, and checked as they are served."""
