"""Messages of CLUE: rules about them and their records, and the answer."""
