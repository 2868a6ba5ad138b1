# The style of letters: warnings with a name, which a campaign may switch off. The names stand in
# crates/core/src/problem/style.rs and in the guide for organisers.

# What was left in a text.
#   $words: the words as they stand there
#   $column: a column of the recipients
#   $key: a key of the configuration, "facts.killed.value"
#   $rows: how many rows of the list have it
text-placeholder = `{ $words }` looks like a place that was to be filled in
    .hint = write what belongs there, or take it out
text-draft = `{ $words }` looks left over from a draft
    .hint = write what belongs there, or take it out
config-left-over = `{ $words }` in { $key } looks left over from a draft
    .hint = write what belongs there, or take it out
cell-left-over = { $rows ->
    [one] `{ $words }` in the column `{ $column }` looks left over from a draft
   *[other] `{ $words }` in the column `{ $column }` looks left over from a draft; so it is in { $rows } rows
}
    .hint = write what belongs there, or take it out

# Characters of a word processor.
#   $what: which one, "a tab"
#   $code: its number in Unicode, "00A0"
#   $count: how often it stands in the file
text-word-processor = { $count ->
    [one] { $what } (U+{ $code }) stands here
   *[other] { $what } (U+{ $code }) stands here, and { $count } times in this file
}
    .kind = characters of word processors
config-word-processor = { $what } (U+{ $code }) stands in { $key }
cell-word-processor = { $rows ->
    [one] { $what } (U+{ $code }) stands in the column `{ $column }`
   *[other] { $what } (U+{ $code }) stands in the column `{ $column }`, in { $rows } rows
}
character-own-font = a bullet or sign of a word processor's own font
character-zero-width = a space that nobody sees
character-soft-hyphen = a soft hyphen
character-no-break-space = a no-break space
character-tab = a tab
character-line-end = a line end of a word processor
character-hint-own-font = type "-" or "•" instead: elsewhere it is an empty box
character-hint-delete = delete it: a program put it there, nothing needs it, and searches miss the word
character-hint-space = type an ordinary space instead; in most editors, search and replace does it for all
character-hint-line-end = press Enter there instead

# Read in the wrong encoding.
text-wrong-encoding = `{ $words }` was read with the wrong encoding
    .hint = open the text as it was before, save it again with the encoding UTF-8, and copy it from there
config-wrong-encoding = `{ $words }` in { $key } was read with the wrong encoding
    .hint = open the text as it was before, save it again with the encoding UTF-8, and copy it from there

# What is switched off, at the end of `check`.
#   $names: "long, shouting"
style-off = Switched off in { $file } ({"[check]"} allow): { $names }.

# What filters punish, and what is hard on readers.
#   $letter: the letter's id
subject-capitals = the subject is mostly in capitals: { $words }
    .hint = write it in small letters: filters take capitals for advertising
subject-exclamation = the subject has several exclamation marks
    .hint = keep one at most: filters take them for advertising
letter-first-words = the letter begins with "{ $words }"
    .hint = begin with a salutation, or with what you ask for: filters know these words from unwanted mail
salutation-of-nobody = "{ $words }" addresses nobody by name
    .hint = use the row's own words, and this only where it has none: {"{{#if recipient.salutation}}{{recipient.salutation}}{{else}}"}…{"{{/if}}"}
#   $rows: the numbers of the rows, "2, 5 and 3 more"
salutation-empty = { $count ->
    [one] the letter `{ $letter }` begins with a salutation, and 1 row has none: row { $rows }
   *[other] the letter `{ $letter }` begins with a salutation, and { $count } rows have none: rows { $rows }
}
    .hint = fill the column in, or write {"{{#if recipient.salutation}}{{recipient.salutation}}{{else}}"}…{"{{/if}}"} in the letter
salutation-left-out = { $rows ->
    [one] 1 row has a salutation, and the letter `{ $letter }` does not use it
   *[other] { $rows } rows have a salutation, and the letter `{ $letter }` does not use it
}
    .hint = write {"{{#if recipient.salutation}}{{recipient.salutation}}{{else}}"}…{"{{/if}}"} in its place
#   $length, $words: how many characters and words the letter has; $most: how many characters a page has
letter-long = the letter is longer than a page: { $words } words, { $length } characters, not counting what is filled in
    .hint = an office reads one page: about 450 words, { $most } characters
    .kind = letters that are longer than a page
#   $shown: what the reader sees; $target: where it leads
link-text-differs = the link shows { $shown } and leads to { $target }
    .hint = show the address it leads to, or words: filters take such a link for a fraud

# Letters that say the same.
#   $letter, $other: letters' ids; $language: what they are written in
#   $letters: how many there are; $offices: how many offices get both
#   $percent: how much of what they say is the same, in whole percent
#   $paragraphs: the first words of the paragraphs that are the same, each in quotation marks
#   $more: how many others are alike too
letters-alike = { $more ->
    [0] { $percent } percent of what the { $letters } letters `{ $letter }` in { $language } say is the same
    [one] { $percent } percent of what the { $letters } letters `{ $letter }` in { $language } say is the same; 1 more kind of letter is such
   *[other] { $percent } percent of what the { $letters } letters `{ $letter }` in { $language } say is the same; { $more } more kinds of letter are such
}
    .hint =
        offices give little for letters that are all the same, and filters sort them out. Two things make them differ:
        - the sender's own words: {"{{message}}"} in the letter, and `message = "required"` where none is to leave without
        - variants, {"{{variant \"NAME\"}}"}, of what is the same: { $paragraphs }
    .kind = letters that say the same
letters-alike-of-senders = { $more ->
    [0] { $percent } percent of what several senders write to one office in `{ $letter }` in { $language } is the same
    [one] { $percent } percent of what several senders write to one office in `{ $letter }` in { $language } is the same; 1 more kind of letter is such
   *[other] { $percent } percent of what several senders write to one office in `{ $letter }` in { $language } is the same; { $more } more kinds of letter are such
}
    .hint = offices give little for letters that are all the same, and filters sort them out; write more variants, or variants of more: { $paragraphs }
    .kind = letters of several senders that say the same
letters-alike-to-office = { $more ->
    [0] { $percent } percent of what the letters `{ $letter }` and `{ $other }` in { $language } say is the same, and { $offices ->
        [one] 1 office gets both
       *[other] { $offices } offices get both
    }
    [one] { $percent } percent of what the letters `{ $letter }` and `{ $other }` in { $language } say is the same, and { $offices ->
        [one] 1 office gets both
       *[other] { $offices } offices get both
    }; 1 more pair of letters is such
   *[other] { $percent } percent of what the letters `{ $letter }` and `{ $other }` in { $language } say is the same, and { $offices ->
        [one] 1 office gets both
       *[other] { $offices } offices get both
    }; { $more } more pairs of letters are such
}
    .hint = who gets both takes the second for a copy, and filters sort it out; say something else in place of: { $paragraphs }
    .kind = letters to one office that say the same

# Languages that no text has.
#   $reads: languages, "de nl"; $gets: the language that they are written to in
rows-without-language = { $rows ->
    [one] 1 row reads only { $reads }, and gets `{ $letter }` in { $gets }
   *[other] { $rows } rows read only { $reads }, and get `{ $letter }` in { $gets }
}
    .hint = write a text in that language, or add a language that they read to their rows

# Rows that are one too many, and addresses that nobody has looked at for long.
#   $first: where the other row is, "recipients.csv:2"
row-address-twice = { $address } stands in { $first } too: each letter goes to it once
    .hint = delete one of the rows, or correct the address
#   $rows: the numbers of the rows; $days: how old they may be; $oldest: how old the oldest is
rows-verified-long-ago = { $count ->
    [one] 1 address was last verified { $oldest } days ago, { $days } or more: row { $rows }
   *[other] { $count } addresses were last verified { $days } or more days ago, the oldest { $oldest } days: rows { $rows }
}
    .hint = look each of them up where its owner publishes it, and write the day into `verified`; {"[check]"} verified-days says how old one may be
rows-never-verified = { $count ->
    [one] 1 address has not been verified yet: row { $rows }
   *[other] { $count } addresses have not been verified yet: rows { $rows }
}
    .hint = look each of them up where its owner publishes it, and write the day into `verified`, as in 2026-11-26
