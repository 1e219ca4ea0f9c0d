"""The JSON door: the same domain calls as the HTML door, answered in JSON. Refusals are all made in
`forum/web/plumbing/refusals.py`.
"""
