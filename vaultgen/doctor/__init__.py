"""What stands between a user and a build that works: a check a file; ``examine`` knows their order."""
