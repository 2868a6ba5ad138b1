# The account file, trust in folders, passwords and tokens.
