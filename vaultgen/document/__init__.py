"""The document that users write, from a tree to a checked model."""
