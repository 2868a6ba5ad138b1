# A command line that makes no sense.
