"""The controller: publishes trees that stock Flux applies, with the values of Vault encrypted for it."""
