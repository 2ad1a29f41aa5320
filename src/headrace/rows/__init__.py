"""Page bytes to Arrow tables: find the rows, type them, set apart what does not fit.

Pure: values in, values out.
"""

from headrace.rows.column import Column
from headrace.rows.identity import RowIds
from headrace.rows.main_road import MainRoad, Parted
from headrace.rows.slicing import PageSlicer, SlicedPage

__all__ = ["Column", "MainRoad", "PageSlicer", "Parted", "RowIds", "SlicedPage"]
