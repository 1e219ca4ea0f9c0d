"""The site in a real Chromium: what people see, hear and do, from the first page to the document read back."""
