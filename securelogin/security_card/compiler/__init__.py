"""Compiles the card's drawing: WeasyPrint and PDFium draw here, and never while a client waits.

`typeset` draws with them. `slots` says what differs between cards, `pages` makes the PDF's slots,
`plates` and `pictures` those of the pictures. Whatever this relies on is looked at, and refused
loudly when a new version of a library or an edit of the template breaks it; at the end a card of
each shape is filled and compared with the one that the libraries draw.
"""
