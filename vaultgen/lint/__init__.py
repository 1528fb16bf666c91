"""What a build of a tree would refuse, and what it would not and should: found by reading, without Vault.

A rule is a file of ``rules``; ``run`` puts all of them to a tree.
"""
