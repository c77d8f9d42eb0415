"""What people ask for on the command line, carried out."""
