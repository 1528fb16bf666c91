"""What tests, benchmark and demo stand on: real servers, the real kustomize, and ways to look at what happened."""
