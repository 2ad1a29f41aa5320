"""A report on executions: SQL over the loaded tables -> plain figures -> one HTML file."""

from headrace.reports.html.making import Report, report

__all__ = ["Report", "report"]
