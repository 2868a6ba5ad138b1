# Templates: what is wrong in one.

# What was probably meant by a name in a tag, by the name of a file, or by another word.
name-near = did you mean { $name }?
word-near = did you mean `{ $word }`?
# Two of them. Several are put together from the left.
name-or = { $before } or { $next }

# The folder and its files.
#   $folder: the folder, as it was named
#   $file: a file in it
#   $cause: why, in the system's words or ours
templates-missing = there is no folder { $folder }
    .hint = make it and write the letters there: protest.en.hbs; or start from the example: appel new DIR
templates-not-a-folder = { $folder } is not a folder
    .hint = letters stand in a folder, one file for each letter and language: protest.en.hbs
templates-unreadable = { $folder } cannot be read: { $cause }
    .hint = check that the folder is yours to read
templates-too-many = there are more than { $most } files in { $folder }
    .hint = take out what no letter uses
templates-too-many-languages = letters are written in more than { $most } languages
    .hint = the language stands before .hbs; take out what is not meant to be one
template-not-a-file = { $file } is not a file
    .hint = take it out of the templates folder
template-too-long = { $file } is too long: { $size }
    .hint = a letter has one page; at most 1 MiB is read
template-unreadable = { $file } cannot be read: { $cause }
    .hint = check that the file is yours to read
template-leads-out = { $file } leads out of the campaign's folder
    .hint = put the file itself there instead of a link: a campaign must be whole when it is handed on
template-name-unfit = a template's name has characters that cannot be shown
    .hint = rename it with letters, digits, - and _
#   $better: the name that it should have
template-no-language = the name of { $file } says no language
    .hint = rename it: { $better }
#   $name: the file's name up to the language
template-language-unknown = there is no language with the code { $language }
    .hint = what stands before .hbs is the language: { $name }.en.hbs
#   $file: a file that is not read; $better: the name that it should have
template-file-ending = { $file } is not read, since its name does not end in .hbs
    .hint = rename it to { $better }; where no endings are shown, let your computer show them first
template-file-document = { $file } is not read: it is a word processor's document
    .hint = save its text as plain text (UTF-8) under the name { $better }
template-twice = { $one } and { $other } are for the same letter and language
    .hint = keep one of them

# Which letters have a text, and in which languages.
#   $letter: the name of its template
#   $file: the file that should be there
template-missing = the letter `{ $letter }` has no text in any language
    .hint = write it to { $file }
#   $near: a template that is there, and that no letter uses
template-missing-near = write it to { $file }; or did you mean `template = "{ $near }"` in its {"[["}letter]]?
template-unused = no letter uses the template `{ $name }`
    .hint = name it under `template` in a {"[["}letter]], or delete it
template-gap-own = the letter `{ $letter }` has no text in { $language }, the campaign's language
    .hint = whoever reads none of its other languages cannot be written to; to translate it, write { $file }
    .kind = letters that have no text in the campaign's language
#   $other: a letter that has a text in that language
template-gap = the letter `{ $letter }` has no text in { $language }, and `{ $other }` has
    .hint = whoever reads only that gets it in another language; to translate it, write { $file }
    .kind = letters that have no text in a language that others have

# All templates together are too much.
templates-too-much-text = the templates come to more than 16 MiB together
    .hint = take out what no letter uses, and call fewer partials
templates-too-many-pieces = the letters come to too much with their partials, each of which counts for each letter
    .hint = take out what no letter uses, and call fewer partials
templates-too-long-together = the letters are too long together with their partials written into them
    .hint = take out what no letter uses, and call fewer partials
templates-too-much-work = the templates have too much text and too many {"{{ }}"} together
    .hint = a letter has one page: shorten this one, or take templates out that no letter uses
template-too-long-with-partials = with its partials the letter comes to more than 1 MiB
    .hint = a letter has one page: call fewer partials
template-no-text = the letter has no text
    .hint = write it below the header lines, after an empty line

# The header lines of a letter, above its first empty line.
header-no-subject = the letter has no subject
    .hint = begin the file with a line `Subject: …`, then an empty line, then the letter
header-two-subjects = the letter has two subjects
    .hint = keep one `Subject:` line
header-subject-empty = the subject is empty
    .hint = write it after `Subject:`
header-subject-too-long = the subject is too long: { $length } characters
    .hint = say it in { $most } characters or fewer; mail programs show about 60
header-goes-on = a header line goes on here
    .hint = write each header on one line, however long it is
header-not-one = this is not a header line, and there is no empty line above it
    .hint = put an empty line between the header lines and the letter
header-format-unknown = `Format` cannot be `{ $format }`
    .hint = write `Format: text` or `Format: markdown`
header-path-empty = a path is empty
    .hint = write paths with commas between them
header-too-many-files = more than { $most } files go with this letter
    .hint = leave the others out
header-adds-address = `{ $header }` cannot stand in a template: a template never adds an address
    .hint = addresses come from recipients.csv, from `cc` in a {"[["}letter]] and from {"[sender]"} only; take the line out
#   $header: what was meant, "Subject"
#   $line: the line as it should be
header-hint-colon = put a colon behind the word: `{ $line }`
header-hint-english = write `{ $header }:` in its place: the words of header lines are English in every language
header-hint-blank-line = the file begins with an empty line, and above the first empty line stand the header lines: delete it
header-unknown = unknown header line `{ $header }`
    .hint = only Subject, Format and Attach may stand above the empty line; if this belongs to the letter, put an empty line above it

# Words of a letter that give something away or were forgotten.
#   $code: the character's number in Unicode, "202E"
text-hidden-character = the text contains the hidden character U+{ $code }
    .hint = delete it and what stands beside it, and type that again
text-turns-direction = the text contains the hidden character U+{ $code }
    .hint = it turns the direction of the text; if that is not meant, delete it
text-picture = pictures cannot stand in a letter
    .hint = attach the picture instead (`attach` in the {"[["}letter]]): one that is fetched tells who opened the letter, and when
text-link-nowhere = from a letter this link leads nowhere: {$link}
    .hint = write its whole address, with `https://`, `mailto:` or `tel:` before it: as it is, readers get its words without a link
text-html-fetches = this HTML can fetch something from elsewhere
    .hint = take it out: what is fetched when the letter is opened tells who opened it, and when

# Tags, as they are written.
tag-misplaced = `{ $written }` cannot stand here
    .hint = names look like {"{{sender.name}}"}, blocks like {"{{#if message}}"} … {"{{/if}}"}, figures like {"{{fact \"killed\"}}"}
tag-unreadable = this cannot be read as a part of a template
    .hint = names look like {"{{sender.name}}"}, blocks like {"{{#if message}}"} … {"{{/if}}"}, figures like {"{{fact \"killed\"}}"}
#   $call: the same as it is written here, "(eq recipient.gender \"f\")"
tag-hint-compare = write the comparison as a call: { $call }
tag-hint-not = write (not { $name }), or {"{{#unless "}{ $name }{"}}"} … {"{{/unless}}"}
tag-hint-quotes = write straight quotes inside {"{{ }}"}: "…"; word processors turn them into curly ones
tag-unknown = this is not used here
    .hint = call a partial with {"{{> name}}"}
#   $tag: a tag of Handlebars
tag-not-used = { $tag } is not used here
    .hint = a part that several letters share stands in templates/partials and is called with {"{{> name}}"}
tag-too-many = there are more than { $most } {"{{ }}"} in one file
    .hint = say it more simply
tag-too-long = what stands between {"{{"} and {"}}"} is longer than { $most } bytes
    .hint = say it more simply
tag-not-closed = {"{{"} is opened here and not closed
    .hint = close it with {"}}"}; to write two braces as they are, put a backslash before them: \{"{{"}
tag-comment-not-closed = a comment is opened with {"{{!--"} here and not closed
    .hint = close it with {"--}}"}, or open it with {"{{!"} alone
tag-four-braces = four braces are not used here
    .hint = write {"{{"} and {"}}"}
tag-quote-not-closed = a quote is opened here and not closed
    .hint = close the quote inside the {"{{ }}"}; backslashes and braces cannot stand in it
tag-bracket-not-closed = a {"["} is opened here and not closed
    .hint = {"[ ]"} go round a name with spaces: {"{{recipient.[First name]}}"}
tag-brace-closes-nothing = a {"}"} stands where it closes nothing
    .hint = {"{{"} closes with {"}}"}, and {"{{{"} with {"}}}"}
tag-backslash = a backslash stands inside {"{{ }}"}
    .hint = take it out: inside {"{{ }}"} a backslash means nothing
tag-backslashes = more than { $most } backslashes stand in a row
    .hint = take most of them out
tag-call-not-opened = a ) has no ( before it
    .hint = take it out
tag-calls-too-deep = brackets stand more than { $most } deep in one another
    .hint = say it more simply
#   $block: its name, "if"
tag-block-not-closed = {"{{#"}{ $block }{"}}"} is opened here and never closed
    .hint = close it where the block ends, for example {"{{/if}}"}
tag-block-not-opened = {"{{/"}{ $block }{"}}"} closes a block that was never opened
    .hint = take it out, or open the block above
tag-closed-by-other = {"{{#"}{ $block }{"}}"} is closed by {"{{/"}{ $other }{"}}"}
    .hint = close the block that was opened last first
tag-blocks-too-deep = blocks stand more than { $most } deep in one another
    .hint = say it more simply, or move a part to a partial
tag-else-outside = {"{{else}}"} stands outside any block
    .hint = open the block above it: {"{{#if message}}"}

# Names in tags.
name-undefined = `{ $name }` is not defined
#   $group: "sender", "recipient" or "campaign"
name-not-text = `{ $name }` is not one text
    .hint = say which part: { $group }.name
# What to do about a name that is not defined.
name-hint = a template knows sender.*, recipient.*, campaign.*, date and message; figures are written {"{{fact \"name\"}}"}
name-hint-root = name what you want from it: @root.sender.name
name-hint-each = names that begin with @ belong inside {"{{#each}}"}; nothing here is a list
name-hint-above = there is nothing above this: leave the ../ out
name-hint-this = say which text you mean: {"{{sender.name}}"}
name-hint-empty = write a name
name-hint-inside = { $name } is one text, there is nothing inside it
name-hint-within = you are inside { $group } here: write {"{{"}{ $name }{"}}"}
#   $names: those that can be used
name-hint-group = you are inside { $group } here, which has: { $names }
name-hint-note = the column `{ $column }` is for you: it is never part of a letter
name-hint-sender = write a line `{ $name } = "…"` under {"[sender]"}, or use one of: { $names }
name-hint-recipient = the recipients have these columns: { $names }
name-hint-campaign = the campaign has { $names }

# Calls: "{{#if …}}", "(eq …)".
call-alone-in-brackets = a call in brackets cannot stand alone
    .hint = take the brackets off
call-as-names = `as |…|` is not used here
    .hint = leave it out
#   $key: a name in front of "="
call-takes-no = `{ $name }` takes no `{ $key }`
    .hint = leave it out
#   $known: all that can be called
call-unknown = `{ $name }` is nothing that can be called
    .hint = what can be called: { $known }
call-hint-group = name one of its texts: {"{{"}{ $name }.name{"}}"}
call-hint-brackets = take the brackets off: it is a name, not a call
call-hint-ask = to ask whether it is there, write {"{{#if "}{ $name }{"}}"} … {"{{/if}}"}
call-misused = `{ $name }` cannot be used like this
call-hint-block = write {"{{#"}{ $name } …{"}}"} … {"{{/"}{ $name }{"}}"}
#   $found: how many there are
#   $example: a call that is right
call-hint-one = it needs one name, here are { $found }; for example { $example }
call-hint-two = it needs two values, here are { $found }; for example { $example }
call-hint-two-or-more = it needs two or more: (and message recipient.title)
call-hint-each = nothing here is a list; write {"{{#if recipient.title}}"} … {"{{/if}}"} to ask whether a text is there
call-hint-lookup = a name that is put together cannot be checked; write it out: {"{{sender.city}}"}
call-hint-no-place = it has no place in a letter; take it out
call-hint-with = {"{{#with}}"} goes into sender, recipient or campaign: {"{{#with sender}} {{name}} {{/with}}"}
call-hint-fact = name one fact, in quotes: {"{{"}{ $name } "killed"{"}}"}

# Facts that a letter uses.
fact-unknown = there is no fact `{ $name }`
    .hint =
        add it to config.toml:
        {"["}facts.{ $name }]
        value = "…"
fact-near = did you mean "{ $name }"?
fact-no-text = the fact `{ $name }` has no text in { $language }
    .hint = add one under {"["}facts.{ $name }]: value = {"{"} …, { $language } = "…" {"}"}
fact-no-source = the fact `{ $name }` has no source
    .hint = add one under {"["}facts.{ $name }]: source = "who says so"
fact-no-source-text = the source of the fact `{ $name }` has no text in { $language }
    .hint = add one under {"["}facts.{ $name }]: source = {"{"} …, { $language } = "…" {"}"}
fact-no-time = the fact `{ $name }` has no time
    .hint = add one under {"["}facts.{ $name }]: as-of = 2011-12-16T18:54:00+01:00
#   $expires: the time after which it must not be used
fact-out-of-date = the fact `{ $name }` is out of date since { $expires }
fact-as-of-later = the time of the fact `{ $name }` is still to come: { $as_of }
    .hint = look at the day, the hour and the offset of as-of: Z is Greenwich time, +02:00 two hours ahead of it
fact-expires-soon = the fact `{ $name }` expires within a day, at { $expires }
    .hint = letters that say it stop then: have the new figure ready
fact-unused-out-of-date = the fact `{ $name }` is out of date since { $expires }; no letter says it
    .hint = renew it before a letter does, or take it out
#   $ask: whom a sender asks for new files
#   $source: who says so, "the strikers' committee"
fact-out-of-date-hint = ask { $ask } for the campaign's new files, and put in no figure of your own; whoever organises it writes the new figure, as-of and expires under {"["}facts.{ $name }] in config.toml
fact-out-of-date-ask = ask { $ask } for the campaign's new files, and put in no figure of your own; whoever organises it asks { $source }, and writes the new figure, as-of and expires under {"["}facts.{ $name }] in config.toml
# The same to somebody who is not the organiser, and knows who is.
fact-out-of-date-contact = ask { $ask } for the campaign's new files, and put in no figure of your own
# The same to the organiser.
fact-out-of-date-renew = find out the new figure, then write it down: appel fact set { $name } "…" --source "…" --expires 48h
fact-out-of-date-renew-ask = ask { $source } for the new figure, then write it down: appel fact set { $name } "…" --source "…" --expires 48h
# In "ask … for the campaign's new files".
fact-ask-organiser = whoever gave you this campaign
#   $contact: the organiser's address or page
fact-ask-contact = { $contact }

# Partials: parts that several letters share.
#   $file: the file that should be there
#   $folder: the folder that partials stand in
partial-in-subject = a partial cannot stand in the subject
    .hint = write its text out
partial-name-made = a partial's name cannot be put together
    .hint = write its name out: {"{{> signature}}"}
partial-unknown = there is no partial `{ $name }`
    .hint = write it to { $file }
partial-hint-plain = a partial is a file of { $folder }, named without folder, ending and quotes
partial-hint-known = there are: { $names }
#   $shared: the same for all languages
partial-no-text = the partial `{ $name }` has no text in { $language }
    .hint = write it to { $file }, or for all languages to { $shared }
#   $names: partials, each of which calls the next: "a → b → a"
partial-in-a-circle = partials call each other in a circle: { $names }
    .hint = take one of the calls out
partial-too-deep = partials call one another more than { $most } deep
    .hint = put some of them together
partial-name-taken = `{ $name }` means something else already
    .hint = give it another name
partial-with-no-group = a partial is called with a whole group, or with names
    .hint = give it a name: {"{{> signature office=recipient.office}}"}
partial-with-several = a partial is called with one group at most
    .hint = leave the others out

# Variants: several ways to say the same, of which each letter says one.
#   $name: a variant
#   $group: what they are variants of, "opening"
#   $file: the file that should be there
variant-in-no-group = { $file } stands in no group of variants
    .hint = put it into a folder with the name of what it is a variant of: variants/opening/NAME.en.hbs
variant-empty = this variant says nothing
    .hint = write what it says, or delete the file
variant-in-subject = a variant cannot stand in the subject
    .hint = write its text out
variant-in-variant = a variant cannot stand in a variant
    .hint = call it in the letter itself, beside this one
variant-unknown = there are no variants of `{ $name }`
    .hint = write the first to { $file }
variant-hint-known = there are variants of: { $names }
variant-no-text = no variant of `{ $name }` has a text in { $language }
    .hint = write one to { $file }
variant-gap = the variant `{ $name }` of `{ $group }` has no text in { $language }
    .hint = letters in { $language } choose among the others; to translate it, write { $file }
variants-unused = no letter says a variant of `{ $name }`
    .hint = write {"{{variant \""}{ $name }{"\"}}"} where one is to stand, or delete the folder
variant-unused = no letter in { $language } says a variant of `{ $group }`
    .hint = write the letter in that language too, or delete the file
call-hint-variant = name one group of variants, in quotes: {"{{variant \"opening\"}}"}

# The sender's own words.
#   $letter: the letter's id
own-words-nowhere = the letter `{ $letter }` wants the sender's own words, and has no place for them
    .hint = write {"{{message}}"} where they are to stand
own-words-for-some = the letter `{ $letter }` wants the sender's own words, and has a place for them only in some letters
    .hint = write {"{{message}}"} outside of what depends on rows and variants

# Links that tell readers or senders apart.
#   $name: a value or a call, "recipient.office"
link-of-reader = the link holds `{ $name }`: it differs from reader to reader
    .hint = use the same link for everyone: one of its own tells who opened the letter
link-of-sender = the link holds `{ $name }`: it differs from sender to sender
    .hint = use the same link for everyone: one of its own tells who opened the letter
#   $names: conditions, "`message` and `recipient.title`"
link-chosen-by-reader = which link stands here depends on { $names }: it differs from reader to reader
    .hint = use the same link for everyone: one of its own tells who opened the letter
link-chosen-by-sender = which link stands here depends on { $names }: it differs from sender to sender
    .hint = use the same link for everyone: one of its own tells who opened the letter
#   $link: a link
link-of-variant = another variant has another link: { $link }
    .hint = use the same links in all variants: which one is opened tells which variant its reader got
link-several-for-some = several links are there for some and not for others, depending on { $names }: together they tell who opened the letter
    .hint = one part with links may depend on something; put the other links where everyone gets them
link-for-some = this link is only there for some, depending on `{ $name }`
    .hint = who runs the other end learns of which group a reader is; give it to everyone if that is not meant
link-hidden-character = a character that nobody sees stands in a link
    .hint = write the link again by hand: with such a character it leads somewhere else
link-too-many-choices = too many choices stand in one word to see what link they make
    .hint = put the whole word into each of the branches
link-unseen = the links of the letter cannot be looked at: { $why }
    .hint = say it more simply
link-letters-too-long = with all their branches and partials the letters are too long
# Two conditions. Several are put together from the left.
link-and = { $before } and { $next }
#   $count: how many more conditions there are
link-and-more = { $count } more
