# Files and folders: those that cannot be read, or that others could change.

# Why a file cannot be read; it stands behind a colon: "letter.txt cannot be read: it is too long".
unread-missing = there is no such file
#   $what: what is there instead
unread-not-a-file = it is { $what }, not a file
unread-too-long = it is too long
unread-not-utf-8 = it is not UTF-8 text
# What is there instead of a file.
unread-folder = a folder
unread-device = a device or a pipe
# How long a file is.
#   $size: a number with a tenth at most, "1.1"
unread-bytes = { $count ->
    [one] 1 byte
   *[other] { $count } bytes
}
unread-kib = { $size } KiB
unread-mib = { $size } MiB
unread-gib = { $size } GiB
unread-tib = { $size } TiB
