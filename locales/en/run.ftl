# A run: what is about to leave, what is held back, how it ends.
