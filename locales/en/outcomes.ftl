# What became of a letter, and why.
