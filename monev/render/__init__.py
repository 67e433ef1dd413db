"""The forms of the monev report: PDF, XLSX, HTML and Markdown from one model.

The same model gives the same bytes in every form.
"""

from monev.render.paper import pdf
from monev.render.sheets import xlsx
from monev.render.table import Column, Kind, Table, Where, records
from monev.render.tabulation import tables
from monev.render.text import markdown
from monev.render.web import html
from monev.render.writing import write_all

__all__ = [
    "Column",
    "Kind",
    "Table",
    "Where",
    "html",
    "markdown",
    "pdf",
    "records",
    "tables",
    "write_all",
    "xlsx",
]
