"""Page bytes to Arrow tables: find the rows, type them, set apart what does not fit.

Pure: values in, values out.
"""

from headrace.rows.column import Column
from headrace.rows.fields import Fields
from headrace.rows.identity import BatchIds, RowIds
from headrace.rows.key_order import KeyOrder
from headrace.rows.main_road import MainRoad, Parted, Rejected, SideRow
from headrace.rows.row_groups import RowGroups
from headrace.rows.slicing import PageSlicer, SlicedPage

__all__ = [
    "BatchIds",
    "Column",
    "Fields",
    "KeyOrder",
    "MainRoad",
    "PageSlicer",
    "Parted",
    "Rejected",
    "RowGroups",
    "RowIds",
    "SideRow",
    "SlicedPage",
]
