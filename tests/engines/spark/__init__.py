"""Headrace as a data source of Spark, on a cluster of a master and two workers."""
