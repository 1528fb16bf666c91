#!/bin/sh
exec vaultgen "$@"
