"""What the ways on from other tools share: resources taken apart, references put together, documents written."""
