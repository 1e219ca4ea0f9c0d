"""Files and other forums in, domain calls out. Parsers are pure; what they give is written by the domain."""
