"""How a list of open items is understood: headings, rows, amounts, totals, and what is wrong with it."""
