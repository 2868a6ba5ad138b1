# Letters: planning, filling and writing them, floods, links, attachments.

# What one address gets in 24 hours at most; also a problem with a letter that is held back.
limit-letters =
    { $address } gets at most { $limit ->
        [one] 1 letter
       *[other] { $limit } letters
    } in 24 hours
limit-copies =
    { $address } gets at most { $limit ->
        [one] 1 copy
       *[other] { $limit } copies
    } in 24 hours

# Problems with a row and a letter.
#   $own: how many of the copies stand in the letter itself
letter-copies-too-many =
    { $own ->
        [0] letter `{ $letter }` would have { $number } copies here, and the limit is { $most }
       *[other] letter `{ $letter }` would have { $number } copies here, and the limit is { $most } ({ $own } of them from the letter's own `cc`)
    }
    .hint = leave some out, or give them rows of their own; whoever sends can allow more in the account file: copies-per-letter in {"["}limits]
#   $wanted, $available: language tags with blanks between them
letter-no-text = letter `{ $letter }` has no text for this row in any of: { $wanted }
    .hint = write one of them, or give `campaign.language` one that it has: { $available }

# Letters that reach nobody in one of their roles.
letter-role-without-rows = letter `{ $letter }` goes to `{ $role }`, and no row has that role
    .hint = add a row with the role `{ $role }`, or take it out of the letter's `to`
    .kind = roles of letters that nobody has
#   $country: a code; $served: codes with blanks between them
letter-role-unserved = letter `{ $letter }`: no `{ $role }` serves senders in { $country }
    .hint = the rows there serve { $served }; add { $country } to the one that is accredited to it, or a row whose country is `*`
    .kind = roles of letters that nobody has

# What was asked for with --letter, --role or --to, and is not there.
letter-unknown = no letter `{ $letter }` in this campaign
    .hint = letters there: { $known }
role-unknown = no role `{ $role }` in this campaign
    .hint = roles there: { $known }
recipient-unknown = no recipient has the address { $address }
    .hint = addresses there: { $known }
letters-without-roles = none of the letters asked for goes to any of the roles asked for
    .hint = see `to` of the letters in the configuration

# Templates that no letter could be made of.
letter-template-deep = the template has blocks or partials more than { $most } deep in each other
letter-template-long = the template has more than { $most } pieces with its partials
letter-template-missing = there is no template `{ $template }` in { $language }

# A row that a template makes no letter of.
#   $why: one of those that follow
letter-not-made = { $file } makes no letter of this row: { $why }
#   $file: the template
#   $variants: the files of the variants that it says
letter-not-made-saying = { $file } makes no letter of this row, saying { $variants }: { $why }
letter-not-made-with-variant = with this variant { $file } makes no letter: { $why }
letter-subject-empty = the subject is empty
letter-subject-line-break = the subject has a line break
#   $code: the number of a character, in hexadecimal digits
letter-subject-character = the subject holds the character U+{ $code }
letter-subject-long = the subject is longer than { $most } characters
letter-subject-bytes = the subject is longer than { $most } bytes
letter-subject-unfilled = the subject: { $why }
letter-body-empty = the body is empty
letter-body-control = the body holds the control character U+{ $code }
letter-body-bytes = the body is longer than { $most } bytes
letter-body-unfilled = the body: { $why }
#   $call: part of a template, with its braces
letter-nothing-to-say = nothing to say for { $call }

# Links that tell readers apart.
-links-the-same = give every reader of a letter the same links, written in the template: one of its own tells whoever runs it who opened the letter
#   $here, $there: one link each; $line: where in the list of recipients the other is
links-differ = the links of the letter `{ $letter }` in { $language } differ from reader to reader: { $here } here, { $there } in line { $line }
    .hint = { -links-the-same }
#   $here, $there: how many links
links-differ-in-number = the links of the letter `{ $letter }` in { $language } differ from reader to reader: { $here } here, { $there } in line { $line }, and there are others yet
    .hint = { -links-the-same }
link-from-cell = the letter `{ $letter }` gets a link out of the row's cell `{ $column }`: { $link }
    .hint = { -links-the-same }
link-from-some-cell = the letter `{ $letter }` gets a link out of the row's cell: { $link }
    .hint = { -links-the-same }
links-not-looked-at = the links of the letter `{ $letter }` cannot be looked at: { $why }
    .hint = say it more simply

# A letter that no message can be made of.
#   $why: one of those that follow
letter-not-written = the letter `{ $letter }` to { $to } cannot be written: { $why }
letter-sender-control = the sender's name holds the control character U+{ $code }
letter-recipient-control = the recipient's name holds the control character U+{ $code }
letter-subject-control = the subject holds the control character U+{ $code }
letter-date = mail cannot carry the date { $date }
letter-attachment-unread = the attachment { $name } was not read
letter-line-end = a line does not end in CRLF
letter-bare-cr = there is a CR without LF in it
letter-line-long = a line is longer than { $most } octets
