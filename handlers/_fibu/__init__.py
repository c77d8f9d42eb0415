"""The FIBU export: from documents of CLUE to bookings, person accounts and runs."""
