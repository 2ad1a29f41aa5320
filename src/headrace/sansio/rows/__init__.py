"""From the bytes of a page to Arrow tables: finds rows, types them, sets apart what does not fit.

Most rows never become Python objects. A page is sliced into the bytes of its rows (`slicing`), and
Arrow's JSON reader types whole batches of them (`main_road`). A row that this cannot take exactly
goes the side road (`side_road`): decoded, to dlt's own normalizer.
"""

from headrace.sansio.rows.column import Column
from headrace.sansio.rows.fields import Fields
from headrace.sansio.rows.identity import BatchIds, RowIds, nested_row_ids
from headrace.sansio.rows.item_fields import ListFields
from headrace.sansio.rows.item_tables import ItemRows
from headrace.sansio.rows.key_order import KeyOrder
from headrace.sansio.rows.main_road import MainRoad, TypedBatch
from headrace.sansio.rows.row_groups import RowGroups
from headrace.sansio.rows.side_road import Misfit, RejectedRow, SideRow
from headrace.sansio.rows.slicing import PageSlicer, SlicedPage

__all__ = [
    "BatchIds",
    "Column",
    "Fields",
    "ItemRows",
    "KeyOrder",
    "ListFields",
    "MainRoad",
    "Misfit",
    "PageSlicer",
    "RejectedRow",
    "RowGroups",
    "RowIds",
    "SideRow",
    "SlicedPage",
    "TypedBatch",
    "nested_row_ids",
]
