"""An outline in, bytes out: one module per format. It knows no database and no web."""
