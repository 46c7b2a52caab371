"""What is asked: configuration, grid, names, order, what each stage depends on."""
