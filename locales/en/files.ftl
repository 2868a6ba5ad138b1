# Files and folders: those that cannot be read, or that others could change.
