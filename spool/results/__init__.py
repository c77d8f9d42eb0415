"""From an outcome to files that people see: committed, published, noted."""
