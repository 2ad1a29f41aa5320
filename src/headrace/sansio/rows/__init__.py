"""Page bytes to Arrow tables: find the rows, type them, set apart what does not fit.

Pure: values in, values out.
"""

from headrace.sansio.rows.column import Column
from headrace.sansio.rows.fields import Fields
from headrace.sansio.rows.identity import BatchIds, RowIds
from headrace.sansio.rows.key_order import KeyOrder
from headrace.sansio.rows.main_road import MainRoad, Parted, Rejected, SideRow
from headrace.sansio.rows.row_groups import RowGroups
from headrace.sansio.rows.slicing import PageSlicer, SlicedPage

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
