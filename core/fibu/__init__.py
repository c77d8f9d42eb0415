"""What every FIBU program has to do with: bookings, options and limits of the programs, tax codes, runs."""
