# Files and folders: those that cannot be read, or that others could change.

file-not-utf8 = the file is not UTF-8 text
    .hint = open it in a text editor and save it again with the encoding UTF-8
file-utf-16 = the file is written in the encoding UTF-16, not in UTF-8
    .hint = open it in a text editor and save it again with the encoding UTF-8 (in Notepad: Save as, Encoding: UTF-8)
file-old-encoding = the file is written in an old encoding such as Latin-1 or Windows-1252, not in UTF-8
    .hint = open it in a text editor and save it again with the encoding UTF-8 (in Notepad: Save as, Encoding: UTF-8)
# Seen behind what could not be done: "what you say of folders cannot be read: ".
file-too-long = the file is too long

# Files and folders of the person's own that cannot be used. Each comes with one of the hints below.
#   $path: the file or folder; $way: a folder on the way to it; $cause: the system's words
file-unusable = { $path }: { $cause }
file-way-is-no-folder = { $path }: something on the way there is no folder
file-link-to-itself = { $path } is a link that leads to itself
file-link-to-nothing = { $path } is a link to { $target }, where there is nothing
file-leads-to-nothing = { $path } is a link to elsewhere, where there is nothing
file-is-a-link = { $path } is a link to { $target }, and no link is followed here
file-is-some-link = { $path } is a link, and no link is followed here
file-is-a-folder = { $path } is a folder, where a file should be
file-is-none = { $path } is not a file
file-has-another-name = { $path } has another name: it is one file with another one elsewhere (a hard link)
file-of-root = { $path } belongs to root
#   $user: the number by which the system knows that person
file-of-another-user = { $path } belongs to another user (number { $user })
file-writable-by-others = other people on this computer can write to { $path }
file-denied = { $path } may not be read and written by you
file-denied-of-root = { $path } may not be read and written by you: it belongs to root
file-denied-below-root = { $path } may not be read and written by you: { $way } belongs to root
file-denied-on-the-way = { $path } may not be read and written by you: { $way }
file-on-a-read-only-drive = { $path } is on a drive that can only be read
folder-is-none = { $path } is not a folder
folder-open-to-everybody = everybody on this computer can put files into { $path }, and take yours away

# What fixes it: mostly a command, to be typed as it is. $path is written as a shell takes it.
file-hint-disk = check that the disk works and that the folder is yours
file-hint-path = check the path
file-hint-link-to-itself = remove the link, or let it lead to the file
file-hint-link-to-nothing = is the drive that it leads to not there yet? Bring it in, then run again
file-hint-link = did you put it there? Then put the file itself in its place, or make the whole folder a link; if not, remove the link
file-hint-is-a-folder = move the folder out of the way, or name a file
file-hint-is-none = move it out of the way, or name a file
file-hint-another-name = give it a file of its own: cp -p { $path } { $path }.own && mv { $path }.own { $path }
file-hint-not-for-others = run: chmod go-w { $path }
file-hint-denied = run: chmod u+rw { $path }
file-hint-not-yours = it is not yours: keep what you need in a folder of your own
file-hint-without-sudo = run appel as the user whose folder it is, without sudo
file-hint-take-back = was appel once run with sudo? Make it yours again: { $command }
file-hint-read-only-drive = have the drive mounted so that it can be written, or copy the whole folder to another one: --ledger PATH names a ledger there
folder-hint-rename = rename what is there: mv { $path } { $path }.old
folder-hint-denied = run: chmod u+rwx { $path }
folder-hint-not-for-everybody = run: chmod go-w { $path } (on a drive that knows no permissions: have it mounted for you alone)

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
