"""The report on a suggested range: its content as plain data, the PDF and the spreadsheet made of it."""
