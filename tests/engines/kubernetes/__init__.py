"""The examples of docs/kubernetes.md: GNU parallel, and the commands of the pods of a Job."""
