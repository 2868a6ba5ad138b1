# Files and folders: those that cannot be read, or that others could change.

file-not-utf8 = the file is not UTF-8 text
    .hint = open it in a text editor and save it again with the encoding UTF-8
