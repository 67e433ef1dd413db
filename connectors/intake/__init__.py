"""From what the office hands in (a folder with a text and photos) to values.

`folder` finds files, `documents` reads the text, `connectors.imaging` and
`connectors.video` clean what will be shown, `material` puts them together.
Everything read here was made by strangers to the program: each file is checked
before a library opens it, and every refusal is one Indonesian sentence.
"""
