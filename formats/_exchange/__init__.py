"""What messages of clue-exchange are made of, beside their documents."""
