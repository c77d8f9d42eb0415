"""Reports for people: their tables, as text and as workbook."""
