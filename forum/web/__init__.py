"""The HTML door: one file per noun, 5 to 15 lines per page; reads the request, asks the domain, shows a template."""
