# What the commands ask, say and print.
