"""What takes frames: the words of `interface`, the reading of `answers`, and the doors `octopush` and `embedded`."""
