# The ledger that remembers what was sent, and the file it is in.

# Why a ledger cannot be used, and what to do.
#   $path: the ledger
#   $process: the number of a process; $since: a moment
ledger-busy = another run is using the ledger { $path }: process { $process }, since { $since }
ledger-busy-elsewhere = another run is using the ledger { $path }: process { $process } on another computer, since { $since } by its clock
ledger-busy-begun = another run is using the ledger { $path }: it has just begun
#   $words: what stands in the file that says who it is
ledger-busy-said = another run is using the ledger { $path }: { $words }
ledger-busy-wait = wait until it has ended, then run again: what is still due will be sent then
ledger-busy-elsewhere-wait = wait until it has ended, then run again. If that computer went down, the drive lets go of its lock after some minutes
ledger-locked = another program has the ledger { $path } locked
    .hint = close what has it open, such as a database program or a backup, then run again
#   $cause: what the system said
ledger-no-locks = the ledger { $path } is on a drive that cannot lock files: { $cause }
    .hint = keep the ledger on a drive of this computer: copy it there, for it knows what was sent, and name it with --ledger PATH
#   $found, $known: numbers of formats
ledger-newer = the ledger { $path } was written by a newer version of appel (format { $found }, this one knows { $known })
    .hint = update appel; an older one could misread what was sent
#   $cause: what the database says, or one of those below
ledger-damaged = the ledger { $path } is damaged, or is not a ledger: { $cause }
    .hint = do not delete it: it knows what was sent. Restore a copy, or ask for help with the file
ledger-behind = the ledger { $path } lacks its last entries: the marks beside it are newer
    .hint = was it deleted, put back from a copy, or copied without its -wal file? Bring back the newest one, with all files that begin with its name. To go on with this one all the same, remove the file that ends in .marks: what is missing would be sent again

-ledger-make-room = make room on that disk, then run again: what was sent is not sent a second time
ledger-not-opened-full = the ledger { $path } cannot be opened: the disk is full
    .hint = { -ledger-make-room }
ledger-not-read-full = the ledger { $path } cannot be read: the disk is full
    .hint = { -ledger-make-room }
ledger-not-written-full = the ledger { $path } cannot be written: the disk is full
    .hint = { -ledger-make-room }

-ledger-check-disk = check that the disk works and that the folder is yours; what was sent before is recorded
ledger-not-opened = the ledger { $path } cannot be opened: { $cause }
    .hint = { -ledger-check-disk }
ledger-not-read = the ledger { $path } cannot be read: { $cause }
    .hint = { -ledger-check-disk }
ledger-not-written = the ledger { $path } cannot be written: { $cause }
    .hint = { -ledger-check-disk }

#   $cause: what is wrong with a file or folder; what fixes it is said with it
ledger-unfit-opened = the ledger { $path } cannot be opened: { $cause }
ledger-unfit-read = the ledger { $path } cannot be read: { $cause }
ledger-unfit-written = the ledger { $path } cannot be written: { $cause }

ledger-on-a-server = a ledger on a PostgreSQL server is not supported yet

# What is wrong with a ledger: behind a colon.
ledger-of-another-program = it is the database of another program
ledger-other-tables = its tables are not those of a ledger
ledger-runs-missing = letters belong to runs that are not in it
ledger-contradicts-itself = its records of what was accepted contradict each other
ledger-entries-of-another-run = entries of a run are not what it wrote: they belong to another run
ledger-entries-without-digest = entries of a run are not what it wrote: a digest is none
ledger-entries-changed = entries of a run are not what it wrote: their digest is another
ledger-entries-unreadable = entries of a run are not what it wrote: { $cause }
#   $letter: a letter's id
ledger-letter-elsewhere = letter { $letter } is not where this run left it
ledger-disk-error = the disk reports an error ({ $cause })
