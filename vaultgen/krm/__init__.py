"""Kubernetes resources as text: YAML in, ResourceList in and out."""
