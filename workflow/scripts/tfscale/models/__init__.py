"""Build, train and save the networks."""
