# The ledger that remembers what was sent, and the file it is in.
