"""A report on executions: SQL over the loaded tables -> plain figures -> one HTML file."""
