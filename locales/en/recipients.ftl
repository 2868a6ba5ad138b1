# Lists of recipients: what is wrong in one.

# How to save a list so that it can be read; part of several hints.
-save-as = in the spreadsheet, choose Save As and the format "CSV UTF-8"; in a text editor, the encoding UTF-8

# What was probably meant by a word.
recipients-did-you-mean = did you mean `{ $name }`?
# The end of a list: "a, b" are the items when "c" is the last.
recipients-list-and = { $items } and { $last }

# The file as a whole.
#   $file: the file, as it was named
#   $cause: the system's own words
recipients-missing = there is no { $file }
    .hint = put the list of recipients there, or name it under `recipients` in {"["}campaign]
recipients-unreadable = { $file } cannot be read: { $cause }
    .hint = check that the file is yours to read
recipients-not-a-file = { $file } is not a file
    .hint = name the list of recipients under `recipients` in {"["}campaign]
#   $size: "33 MiB"
recipients-too-long-to-convert = { $file } is not in UTF-8, and too long to be read in another encoding: { $size }
    .hint = { -save-as }
recipients-changed = { $file } changed while it was in use
    .hint = no letter goes to a row that was not checked: finish what is being written into the file, then run the same command again
recipients-lost = { $file } can no longer be read: { $cause }
    .hint = find out what became of the disk that it is on, then run the same command again
recipients-utf-16-unmarked = the file is UTF-16 without its mark at the beginning
    .hint = { -save-as }
recipients-utf-16-broken = the file says that it is UTF-16, but is broken
    .hint = { -save-as }
recipients-encoding-unknown = the file is neither UTF-8 nor Windows-1252: its letters with accents cannot be read for certain
    .hint = { -save-as }
recipients-windows-1252 = the file is not UTF-8; it was read as Windows-1252, which Excel writes in Western Europe
    .hint = look at the names with accents once; to be sure, { -save-as }
recipients-mac-roman = the file is not UTF-8; it was read as Mac Roman, which Excel writes on Macs
    .hint = look at the names with accents once; to be sure, { -save-as }
recipients-empty = there is nothing in the file
    .hint =
        the first line names the columns, each further line is one recipient:
        role,name,email,country,language
recipients-none = there is no recipient in the file
    .hint = add a line for each: embassy,Embassy of Kazakhstan,info@example.org
recipients-hopeless = the rest of { $file } was not looked at: it is not a list of recipients
    .hint = fix what is said above first, then check again
# Done once for the whole file, and said once.
#   $parts: "2 rows above the column names and 3 empty rows"
recipients-skipped = skipped: { $parts }
skipped-rows-above = { $rows ->
    [one] { $rows } row above the column names
   *[other] { $rows } rows above the column names
}
skipped-columns = { $columns ->
    [one] { $columns } empty column
   *[other] { $columns } empty columns
}
skipped-rows = { $rows ->
    [one] { $rows } empty row
   *[other] { $rows } empty rows
}
values-spaces-off = { $values ->
    [one] blanks that are no plain spaces were taken off around { $values } value
   *[other] blanks that are no plain spaces were taken off around { $values } values
}
#   $read: "Belgique as BE, Allemagne as DE and others"
values-read-country = countries are read by their names: { $read }
values-read-language = languages are read by their names: { $read }
values-read-gender = genders are read as f, m and x: { $read }
values-read-others = others
recipients-semicolons = the values are separated by semicolons
recipients-tabs = the values are separated by tabs

# Spreadsheets.
sheet-broken = the spreadsheet cannot be read: it is damaged, or no spreadsheet
    .hint = open it in its program and save it again, as .xlsx or .ods
sheet-password = the spreadsheet is protected by a password
    .hint = save a copy of it without one
#   $kind: what the file is, in a word that is not shown
sheet-kind = { $kind ->
    [xlsb] this is a binary Excel workbook (.xlsb), which is not read
    [numbers] this is a Numbers document, which is not read
    [xls-5] this is an Excel workbook from before 1997, which is not read
    [docx] this is a text document, not a spreadsheet
    [doc] this is a text document, not a spreadsheet
    [odt] this is no spreadsheet
   *[zip] this is a ZIP file, not a spreadsheet
}
    .hint = save the list as .xlsx, .ods or "CSV UTF-8"
sheet-too-large = the spreadsheet holds more than a list of recipients can
    .hint = delete what is not needed in it, or save the list as "CSV UTF-8", which may have any length
#   $most: how many columns are read
sheet-too-wide = something stands here, beyond the last of { $most } columns
    .hint = empty the cells to the right of the list
sheet-none = there is no sheet with cells in the spreadsheet
    .hint = save it again, as .xlsx or .ods
#   $wanted: the sheet that is named
#   $names: those that are there
sheet-missing = there is no sheet `{ $wanted }`; there are { $names }
    .hint = name one of them behind the # of `recipients`
sheet-missing-near = there is no sheet `{ $wanted }`; there is `{ $near }`
    .hint = name it behind the # of `recipients`
#   $others: the other sheets
sheet-first = the first sheet is read: `{ $sheet }`; there are also { $others }
    .hint = name another one behind the file: recipients = "{ $file }#Sheet"
sheet-formula-unsolved = the result of this formula is not in the file
    .hint = open the file in its spreadsheet program and save it again, or write the value instead of the formula
#   $rows: their numbers
sheet-rows-hidden = { $count ->
    [one] { $count } row is hidden in the spreadsheet, and gets its letters all the same: row { $rows }
   *[other] { $count } rows are hidden in the spreadsheet, and get their letters all the same: rows { $rows }
}
    .hint = delete the rows that are to get none; show the others again, so that everybody sees who gets a letter
sheet-merged = { $cells ->
    [one] merged cells are read as if each had the value that is shown over all of them ({ $cells } cell)
   *[other] merged cells are read as if each had the value that is shown over all of them ({ $cells } cells)
}

# The line that names the columns.
columns-without-end = the line with the column names is longer than 1 MiB
    .hint =
        the first line names the columns, each further line is one recipient:
        role,name,email,country,language
columns-too-many = there are { $found } columns, at most { $most } are read
    .hint = delete the columns that no letter uses
#   $nth: which column it is, counted from 1
column-name-too-long = the name of column { $nth } is longer than { $most } bytes
    .hint = use a word or two: letters name the column by it
column-name-unfit = a column cannot be named `{ $name }`
    .hint = use letters, digits, spaces, - and _ in its name
column-twice = two columns are named `{ $name }`
    .hint = rename one of them, or delete it
#   $one, $other: two names that mean the same column
column-same-meaning = the columns `{ $one }` and `{ $other }` both mean `{ $name }`
    .hint = delete one of them, or rename it to what else it holds
# What other languages call a column.
#   $read: "`Pays` as country and `Langue` as language"
columns-read-as = read { $read }
    .hint = letters name them by the second word, as in {"{{"}recipient.country{"}}"}
value-read-as = { $written } as { $read }
#   $absent: "`country`", or "`country` and `language`"
#   $own: the names of columns that are not known
columns-own = { $own_count ->
    [one] no column for { $absent } is found; { $own } is taken as a column of your own
   *[other] no column for { $absent } is found; { $own } are taken as columns of your own
}
    .hint = if one of them is meant, rename it to that word
#   $columns: their names, "`role`, `name` and `email`"
column-missing = { $count ->
    [one] the column { $columns } is missing
   *[other] the columns { $columns } are missing
}
column-missing-no-header = the file begins with a recipient: put a line above it that names the columns, as in role,name,email,country,language
#   $column: the column that is there
column-missing-rename = rename `{ $column }` to `{ $name }`
column-missing-add = add a column `{ $name }`
# Two or more of the steps above. They are put together from the left.
column-missing-steps = { $before }; { $next }
column-near-known = `{ $name }` is taken as a column of your own
    .hint = if you meant `{ $near }`, rename it

# Quotes in the file.
quote-never-closed = a quote is opened here and never closed
    .hint = close it at the end of the value, or take it out; a quote inside a quoted value is written twice: ""
    .kind = quotes that are never closed
quote-followed = something follows the closing quote of a value
    .hint = a quote inside a quoted value is written twice: ""; or a quote above is one too many
    .kind = quotes with something behind them

# What is wrong in a row. A kind is what many of these are called when they are only counted: "1,500 × empty roles".
row-without-end = the row that begins here is longer than 1 MiB
    .hint = each recipient stands on a line of its own; check how the file was saved
    .kind = rows that are too long
row-header-again = the line with the column names stands here again
    .hint = delete this line
    .kind = lines with the column names again
#   $found: how many values the row has
#   $wanted: how many columns there are
row-too-long = { $found ->
    [one] this row has { $found } value, the first line names { $wanted }
   *[other] this row has { $found } values, the first line names { $wanted }
}
    .kind = rows with too many values
row-too-long-comma = a value with a comma in it stands in double quotes
row-too-long-semicolon = a value with a semicolon in it stands in double quotes
row-too-long-sheet = empty the cells to the right of the last column with a name
row-too-long-tab = a value with a tab in it stands in double quotes
row-too-short = { $found ->
    [one] this row has { $found } value, the first line names { $wanted }
   *[other] this row has { $found } values, the first line names { $wanted }
}
    .kind = rows with too few values
row-too-short-comma = an empty value needs a comma too, as in a,,c
row-too-short-semicolon = an empty value needs a semicolon too, as in a;;c
row-too-short-tab = an empty value needs its tab too
row-role-empty = the role is empty
    .hint = write embassy, ministry, support, or the role that a letter names under `to`
    .kind = empty roles
row-name-empty = the name is empty
    .hint = write who it is, so that letters can name them
    .kind = empty names

row-value-without-column = something stands in a column that has no name
    .hint = name the column in the line above the first row, or empty the cell
    .kind = values in columns without a name
#   $written: what stands there
row-formula-failed = { $written } in `{ $column }`: a formula of the spreadsheet failed
    .hint = write the value instead of the formula, or empty the cell
    .kind = formulas that failed
row-zero = 0 in `{ $column }`: what a spreadsheet shows for an empty cell
    .hint = write what belongs there, or empty the cell
    .kind = noughts where words belong
#   $words: the word that shows it
row-wrong-encoding = `{ $words }` in `{ $column }` was read with the wrong encoding
    .hint = write the value again, or open the original once more: { -save-as }
    .kind = values read with the wrong encoding

# Characters that no line of text has.
row-line-break = a line break in `{ $column }`
    .hint = write it on one line; if two rows ran together here, a quote at its beginning is one too many
    .kind = line breaks in a value
row-zero-byte = a zero byte in `{ $column }`
    .hint = the file is damaged or no text: save it again as "CSV UTF-8"
    .kind = zero bytes in a value
row-tab = a tab in `{ $column }`
    .hint = write a space instead
    .kind = tabs in a value
#   $code: the character's number in Unicode, "202E"
row-hidden-character = the hidden character U+{ $code } in `{ $column }`
    .hint = delete the value and type it again by hand
    .kind = hidden characters in a value

# Addresses, countries and languages of a row.
#   $written: what stands there
#   $why: why it is no address, or what it looks like
row-email-empty = the address is empty
    .hint = write the address, or delete the row
    .kind = empty addresses
row-email-unfit = { $written }: { $why }
    .kind = addresses that are not e-mail addresses
row-email-unfit-name = put the name in the `name` column and only the bare address here
row-email-unfit-several = one address a row; put copies in the `cc` column, or give each address a row of its own
row-copy-unfit = { $written }: { $why }
    .kind = copies that are not e-mail addresses
row-copy-unfit-name = write only the bare addresses: a@example.org b@example.org
row-address-hint = fix the address: it looks like info@example.org
row-address-hint-no-at = write the whole address: info@example.org
row-address-hint-hyphen = check the address with its owner
row-lookalike = { $written }: { $why }
    .hint = compare it with the address as its owner publishes it; type it again by hand
    .kind = addresses that may not be what they seem
row-countries-too-many = this row names more than { $most } countries
    .hint = leave the others out, or write a second row
    .kind = rows that name too many countries
row-languages-too-many = this row names more than { $most } languages
    .hint = leave the others out, or write a second row
    .kind = rows that name too many languages
row-copies-too-many = this row names more than { $most } copies
    .hint = leave the others out, or write a second row
    .kind = rows that name too many copies
row-files-too-many = this row names more than { $most } files
    .hint = leave some out
    .kind = rows that name too many files
row-files-too-many-in-all = the rows name more than { $most } different files, or groups of them
    .hint = put some of them into one file, or split the list
row-star-beside-countries = * stands beside country codes
    .hint = write * alone (used when no other row of the role names the sender's country), or the codes alone
row-country-unknown = there is no country with the code { $country }
    .hint = write two-letter codes with spaces between them: BE LU; or names, with commas between them
    .kind = codes of no country
row-language-unknown = there is no language with the code { $language }
    .hint = write language codes, best first: fr nl en
    .kind = codes of no language
row-gender-unknown = `{ $written }` is no gender that letters know
    .hint = write f, m or x, or leave it empty; a letter that compares it with "{ $written }" still can
    .kind = genders that letters do not know
row-verified-unread = `{ $written }` is no day that can be read for certain
    .hint = write year, month and day: 2026-11-26
    .kind = days that cannot be read
# A code that was probably meant.
row-code-near = did you mean { $near }?

# A role that no letter is written to.
role-unused = { $rows ->
    [one] no letter is written to the role `{ $role }` (1 row)
   *[other] no letter is written to the role `{ $role }` ({ $rows } rows)
}
    .kind = roles that no letter is written to
    .hint = name it under `to` in a {"[["}letter]]
#   $roles: those that letters are written to, "`embassy`, `ministry` and `support`"
role-unused-roles = letters are written to { $roles }
