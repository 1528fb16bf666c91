"""Around the controller: the manifests that it works with, and how far a value has come."""
