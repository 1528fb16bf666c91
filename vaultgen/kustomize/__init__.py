"""What is known of kustomize itself: its files and its ways."""
