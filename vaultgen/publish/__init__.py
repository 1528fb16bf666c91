"""A tree that stock Flux can build: generators resolved into SOPS documents for age. Works in memory alone."""
