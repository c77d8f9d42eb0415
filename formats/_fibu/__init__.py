"""What the formats of the FIBU programs share: cells, texts, and the fields of each program."""
