# The help of each command and flag.
