"""The example of docs/airflow.md, on a real Airflow of this machine."""
