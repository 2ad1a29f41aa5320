"""What stands in a warehouse, seen through dlt: tables, runs, views, failures."""
