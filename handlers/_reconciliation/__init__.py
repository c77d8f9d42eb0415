"""What the lists of the FIBU prove, and what CLUE is told of it."""
