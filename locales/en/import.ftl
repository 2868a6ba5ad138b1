# Lists of other kinds, made into rows of recipients.

#   $file: the list, as it was named; $why: why it cannot be read
import-unreadable = { $file } cannot be read: { $why }
    .hint = check the file's name, and that it is yours to read
import-too-long = { $file } is too long to be imported: it has more than 32 MiB
    .hint = take it apart, and import one part after the other
import-no-json = this is no JSON that can be read: { $cause }
    .hint = download the file again, as JSON in the form of Popolo
#   $columns: their names, "`Fax` and `Phone`"
import-columns-unread = no letter needs the columns { $columns }: they are not read
    .hint = if one of them is the name, the address, the country or the language, rename it to that word
#   $who: a name or an address; $why: a clause such as "an address needs an @"
import-left-out = { $who }: left out: { $why }
    .hint = mend it in the list and import it again, or add the row by hand
    .kind = entries that were left out
import-no-role = it has no role, and none was given with --role
#   $what: what in the entry has no place in a row
import-partly-read = { $who }: not read: { $what }
    .hint = it stands in the new row as it was; `appel check` refuses countries and languages that it does not know
    .kind = entries of which a part was not read
import-nothing = nothing was imported
#   $rows: how many
import-done = { $rows ->
    [one] 1 row, not verified yet.
   *[other] { $rows } rows, not verified yet.
}
import-done-left = { $left ->
    [one] 1 entry was left out.
   *[other] { $left } entries were left out.
}
#   $file: the file that was written, or is in the way
import-written = Written to { $file }.
import-exists = { $file } is there already, and nothing is written over
    .hint = name a new file
import-unwritable = { $file } cannot be written: { $cause }
    .hint = name a file in a folder of yours
