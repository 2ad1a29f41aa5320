"""An engine is there only where scripts/engines has installed it: elsewhere its tests are not."""

from importlib.util import find_spec

_MODULES = {
    "airflow": "airflow",
    "dagster": "dagster",
    "kubernetes": "kubernetes_validate",
    "prefect": "prefect",
    "ray": "ray",
    "spark": "pyspark",
}

collect_ignore = [folder for folder, module in _MODULES.items() if find_spec(module) is None]
