# The configuration of a campaign: what is wrong in it.
#
# Seen when config.toml or the account file is read, each with the line that it is about. Words between backticks or
# double quotes that are not explained, and what stands behind "write", are to be typed as they are.
#   $key: the key that is meant, with the table it is in: smtp.port

config-not-toml = the file is not written as TOML: { $cause }
    .hint = texts stand in "double quotes", lists in [square brackets], and each `key = value` on its own line

#   $found: a character
config-curly-quotes = { $found } is a quotation mark of a word processor
    .hint = write straight quotes, " before the text and " behind it; a plain text editor leaves them as they are
config-odd-character = here stands a character that only looks like { $like } (U+{ $code })
    .hint = delete it, and type it again in a plain text editor
config-a-space = a space
config-a-sign = "{ $sign }"

# The wrong sort of value.
#   $found: what stands there instead; one of the seven below
config-not-a-text = `{ $key }` must be a text, not { $found }
config-not-a-table = `{ $key }` must be a table, not { $found }
    .hint = write [{ $key }] on a line of its own, and its keys below
config-not-a-number = `{ $key }` must be a whole number, not { $found }
#   $name: the key alone
config-not-a-truth = `{ $key }` must be true or false, not { $found }
    .hint = write { $name } = true or { $name } = false, without quotes
#   $example: a line to write, of code alone
config-not-a-list = `{ $key }` must be a list, not { $found }
    .hint = write it like this: { $example }
config-not-a-moment = `{ $key }` must be a date and time, not { $found }
    .hint = write date, time and offset, without quotes: 2012-01-31T23:59:00+01:00

# What stands there: "must be a list, not a text".
config-a-text = a text
config-a-whole-number = a whole number
config-a-number = a number
config-true-or-false = true or false
config-a-date = a date
config-a-list = a list
config-a-table = a table

# What to do about the wrong sort of value.
config-hint-no-brackets = write one text, without the square brackets
config-hint-one-text = write one text in double quotes
#   $written: what stands there now
config-hint-quotes = put it in double quotes: { $key } = "{ $written }"
config-hint-no-quotes = take the quotes off: { $number }
config-hint-digits = write it in digits, without quotes and without a point

# Numbers and moments that cannot be.
config-out-of-range = `{ $key }` cannot be { $number }
config-hint-at-least = it must be { $low } or more
config-hint-between = it must be from { $low } to { $high }
config-no-offset = `{ $key }` does not say where on earth it is meant: the offset is missing
#   $written: the date, or date and time, without an offset
config-hint-offset = add the offset: { $written }Z for UTC, or { $written }+01:00
config-hint-time = write date, time and offset: { $written }T23:59:00+01:00
config-no-such-moment = `{ $key }` is not a moment that exists
    .hint = write date, time and offset: 2012-01-31T23:59:00+01:00

# Texts that cannot be.
config-empty = `{ $key }` is empty
    .hint = write something between the quotes
config-line-break = `{ $key }` has a line break in it
    .hint = write it again by hand, on one line
#   $code: U+200B
config-hidden-character = `{ $key }` contains the hidden character { $code }
    .hint = write it again by hand, on one line

# One of some words: "security" is "tls" or "starttls" or "none".
#   $written: what stands there; $near: what was probably meant; $words: the words, put together by config-either
config-not-a-choice = `{ $key }` cannot be "{ $written }"
config-hint-near-choice = did you mean "{ $near }"? It can be { $words }
config-hint-choice = it can be { $words }
config-choice = "{ $word }"
# Put together from the left: "a" or "b" is before when "c" is next.
config-either = { $before } or { $next }

# Keys.
#   $table: the table, in its square brackets; $example: the line to write
config-key-missing = `{ $key }` is missing in { $table }
    .hint = add a line: { $example }
config-unknown-key = unknown key `{ $key }`
    .kind = unknown keys
config-unknown-table = unknown table `{ $key }`
    .kind = unknown tables
#   $near: a key that was probably meant; $known: all that may stand there
config-hint-near-key = did you mean `{ $near }`?
config-hint-known-keys = known here: { $known }

# Files and tables that are not there.
config-no-configuration = there is no { $path }
    .hint = go to a campaign's folder, name its file with --config FILE, or start a campaign: appel new DIR
config-folder-named = { $path } is not a file
    .hint = name the file itself: for a campaign, its config.toml
config-too-long = { $path } is too long: { $size }
    .hint = at most 1 MiB is read; lists of people belong in recipients.csv, texts in templates
config-unreadable = { $path } cannot be read: { $cause }
    .hint = check that the file is yours to read
config-no-campaign = the table [campaign] is missing
    .hint =
        add one:
        {"["}campaign]
        id = "my-campaign-2026"
        title = "What it asks for"
        language = "en"
#   $home: the account file: its path, or account-file-of-yours
config-no-sender = nobody is named as the sender: the table [sender] is missing
    .hint =
        write these lines to { $home }:
        {"["}sender]
        name = "Your Name"
        email = "you@example.org"
        country = "BE"
        language = "fr"
#   $key: sender or smtp; $account: the path of the account file
config-table-left-aside = [{ $key }] here is left aside: the one in { $account } is used

# Lines to write, as examples: what stands between the quotes is an example too.
config-example-name = name = "Your Name"
config-example-title = title = "What the campaign asks for"
config-example-fact = value = "at least 70"

# [campaign]
config-not-an-id = `{ $key }` cannot be "{ $written }"
    .hint = use letters a-z, digits, -, _ and . only, and begin with a letter or digit
config-word-too-long = `{ $key }` is longer than 100 characters
    .hint = use a shorter one
config-no-such-language = there is no language with the code "{ $code }"
config-hint-language = write its code: "en", "fr", "pt-BR"
#   $near: the code of a language or country that was probably meant
config-hint-near-code = did you mean "{ $near }"?
config-corrects-and-follows-nothing = letter.if-fact-was is there without `follows`
    .hint = name the letter that is corrected: follows = "protest"
config-corrects-no-fact = there is no fact `{ $name }`
config-hint-corrects = write the name of a table under [facts]: for {"["}facts.killed], "killed"
config-hint-hold = write the reason in double quotes, hold = "the figures are being checked"; without a hold take the line out
config-hold-empty = campaign.hold is there, and says no reason
    .hint = write the reason: hold = "the figures are being checked"; without a hold take the line out
#   $reason: the organiser's own words
campaign-on-hold = this campaign is on hold: { $reason }
    .hint = nothing is sent until its organiser takes the hold back; look at it as you like
send-on-hold = this campaign is on hold: { $reason }
    .hint = nothing was sent. Wait for new files, or ask { $ask }
send-on-hold-own = this campaign is on hold: { $reason }
    .hint = nothing was sent. When it may go on, take the line `hold` out of the configuration
config-deadline-passed = the deadline has passed: { $deadline }
    .hint = no letter leaves any more; ask the organiser for a new date if the campaign goes on

# [sender]
config-too-many-details = there are more than { $most } keys in [sender]
    .hint = keep those that a letter uses
config-detail-too-long = a key is longer than { $most } bytes
    .hint = use a word: city, phone, organisation
#   $near: the key that was probably meant
config-detail-like-key = `{ $key }` is taken as a detail of your own
    .hint = if you meant `{ $near }`, write it so
config-reply-to-not-ascii = answers cannot go to "{ $address }": before its @ it has other letters than those of English
    .hint = many mail servers cannot take a letter that names such an address; name another of your addresses, or take the line out
config-no-such-country = there is no country with the code "{ $code }"
config-hint-country = write its two-letter code: "BE", "DE", "GB"
#   $look: what it looks like, a clause that fits behind the address
config-address-lookalike = "{ $address }": { $look }
    .hint = compare it with the address as its owner publishes it; type it again by hand
#   $why: a sentence
config-not-an-address = "{ $address }" is not an e-mail address: { $why }
    .hint = write the bare address: "you@example.org"

# [smtp]
config-no-encryption = without encryption, only a server on this computer can be used
    .hint = write security = "tls" or "starttls"; "none" would show your password and letters to everyone on the way
config-port-in-host = the port does not belong in `host`
    .hint = write host = "{ $host }" and, on a line of its own, port = { $port }
# A port that belongs to something else, or goes with another `security`.
config-port-imap = port { $port } is usually for reading mail (IMAP), not for sending it
    .hint = letters leave by port 465 with security = "tls", or 587 with "starttls": your provider says which, under outgoing mail (SMTP)
config-port-pop3 = port { $port } is usually for fetching mail (POP3), not for sending it
    .hint = letters leave by port 465 with security = "tls", or 587 with "starttls": your provider says which, under outgoing mail (SMTP)
config-port-web = port { $port } is usually for web pages, not for mail
    .hint = letters leave by port 465 with security = "tls", or 587 with "starttls": your provider says which, under outgoing mail (SMTP)
config-port-ssh = port { $port } is usually for remote logins (SSH), not for mail
    .hint = letters leave by port 465 with security = "tls", or 587 with "starttls": your provider says which, under outgoing mail (SMTP)
config-port-wants-tls = at port { $port }, TLS usually begins at once
    .hint = write security = "tls", or port = 587 for "starttls"
config-port-wants-starttls = at port { $port }, TLS usually begins only after STARTTLS
    .hint = write security = "starttls", or port = 465 for "tls"
config-hint-security = write "tls" where TLS begins at once (SSL/TLS in other programs, port 465), "starttls" for port 587, or "none" for a server on this computer
# The name in the greeting (EHLO).
#   $right: the same in brackets
config-not-a-helo = `{ $key }` cannot be "{ $written }"
    .hint = write a name, as in "mail.example.org", or an address in brackets: "[127.0.0.1]"
config-helo-without-brackets = "{ $written }" is an address without its brackets
    .hint = write helo = "{ $right }"
config-not-a-server = "{ $written }" is not the name of a server
    .hint = write the name that your mail provider gives for outgoing mail (SMTP): "smtp.example.org"
config-not-a-rate = `{ $key }` cannot be "{ $written }"
    .hint = write how many letters in a second, minute, hour or day: "30/min", "1/s", "200/h", "400/day"; or "unlimited"
config-hint-rate = write how many letters in a second, minute, hour or day: "30/min", "1/s", "200/h", "400/day"; or "unlimited"
config-not-a-duration = `{ $key }` cannot be "{ $written }"
    .hint = write a duration with its unit: "60s", "15min", "1h 30min"
config-not-a-daily-limit = `{ $key }` cannot be "{ $written }"
    .hint = write how many addresses, To and copies, in any 24 hours: 400; or "none" for no limit, in your account file
config-proxy-with-password = `{ $key }` cannot have a user name or a password
    .hint = write proxy = "socks5h://127.0.0.1:9050": appel uses only proxies that want none
config-proxy-sees-no-names = `{ $key }` cannot be "{ $written }"
    .hint = write proxy = "socks5h://127.0.0.1:9050": with socks5h the proxy looks the server's name up, with others your network sees it
config-not-a-proxy = `{ $key }` cannot be "{ $written }"
    .hint = only SOCKS 5 with names resolved by the proxy is used: write proxy = "socks5h://127.0.0.1:9050"
config-proxy-no-port = `{ $key }` needs a host and a port, and nothing else
    .hint = write proxy = "socks5h://127.0.0.1:9050"
config-other-domain = letters come from { $from }, but you log in at { $at }
    .hint = many receivers take such letters for forged and drop them: use the account that the sender's address belongs to
config-password = a password must not stand in a configuration file
    .hint =
        take the line out, change the password if the file was ever shared, and use one of these:
        password-command = "pass show mail/you"
        the environment variable APPEL_SMTP_PASSWORD
        the keyring of your desktop: password-command = "secret-tool lookup appel you"
        or nothing: on a terminal you are asked

# What a campaign's folder must not say, which may be a stranger's: only the account file can.
config-folder-password-command = `password-command` must not stand in a campaign's folder: it runs a command on your computer
config-folder-proxy = `proxy` must not stand in a campaign's folder: it says through whose computer your letters go
config-folder-ca-file = `ca-file` must not stand in a campaign's folder: it says whose word is taken for who the mail server is
config-folder-copy-to-self = `copy-to-self` must not stand in a campaign's folder: it sends every letter once more from your mailbox
    .hint = move it into the [sender] of your account file (~/.config/appel/config.toml, or --account FILE), or take the line out
config-hint-account-file-only = if it is yours, move it into the [smtp] of your account file (~/.config/appel/config.toml, or --account FILE); if somebody else gave you this folder, take the line out and ask what it is for
config-folder-daily-limit = `{ $key }` in a campaign's folder cannot lift the limit
    .hint = { $most } addresses in 24 hours are the most here; with your whole [smtp] table in your account file (~/.config/appel/config.toml, or --account FILE) it can be more, or "none"
#   $account: account-file-named or account-file-usual
config-folder-limits = [limits] does not count in a campaign's folder
    .hint = take it out here: how much one person may get is for whoever sends to say, in { $account }

# [[letter]]
config-no-letter = the campaign has no letter
    .hint =
        add one:
        {"["}[letter]]
        id = "protest"
        to = ["embassy"]
config-one-letter-table = a campaign has a list of letters
    .hint = write [[letter]] with two brackets above each letter
config-too-many-letters = there are more than { $most } letters
    .hint = put some of them in a campaign of their own
config-same-letter-id = two letters have the id "{ $id }"
    .hint = give each letter an id of its own: it says who got which letter
config-follows-no-letter = there is no letter "{ $id }" that could be followed
    .hint = name the id of another [[letter]] of this campaign; one that has left stays in the file for its followers
config-follows-no-letter-near = there is no letter "{ $id }" that could be followed
    .hint = did you mean "{ $near }"?
config-follows-itself = the letter "{ $id }" follows itself
    .hint = name the letter whose readers it goes to, or take `follows` out
#   $way: ids of letters, each following the next: "thanks → protest → thanks"
config-follows-in-a-circle = letters follow each other in a circle: { $way }
    .hint = one of them has to be the first: take its `follows` out
#   $example: a line to write
config-letter-to-nobody = the letter goes to nobody: `to` is empty
    .hint = name one role or more of recipients.csv: { $example }
config-too-many-roles = `{ $key }` names more than { $most } roles
    .hint = leave the others out, or make a second letter of them
config-role-too-long = the name of a role is longer than { $most } bytes
    .hint = use a word: embassy, ministry, support
config-role-twice = the role "{ $role }" is named twice
    .hint = once is enough
config-too-many-copies = `{ $key }` names more than { $most } copies
    .hint = leave the others out, or make a second letter of them
config-over-copies-per-letter = a letter has at most { $most ->
        [one] 1 copy
       *[other] { $most } copies
    }, and here are { $count }
    .hint = leave some out, or give them a row of their own; whoever sends can allow more in the account file: copies-per-letter in [limits]
config-too-many-attachments = `{ $key }` names more than { $most } attachments
    .hint = leave the others out, or make a second letter of them
config-too-many-files = more than { $most } files go with the letters
    .hint = leave some out: each is looked at for each letter that it goes with
#   $size: 25.1 MiB
config-attachments-too-heavy = the attachments come to { $size }, a letter carries at most 25 MiB
    .hint = make the files smaller, or leave some out; a link in the text needs no room

# Files that must not leave with a letter.
config-attached-configuration = `{ $path }` is the campaign's own configuration: it must not leave with a letter
    .hint = attach a file that is meant for the readers
config-attached-recipients = `{ $path }` is the list of recipients: it must not leave with a letter
    .hint = attach a file that is meant for the readers
config-attached-template = `{ $path }` is a template: it must not leave with a letter
    .hint = attach a file that is meant for the readers
config-attached-account = `{ $path }` is your account file: it must not leave with a letter
    .hint = attach a file that is meant for the readers
config-attached-own = `{ $path }` is what appel keeps about you: it must not leave with a letter
    .hint = attach a file that is meant for the readers
config-attached-unknown = `{ $path }` is one of several names of a file, and there are too many to tell whose: it must not leave with a letter
    .hint = attach a file that is meant for the readers

# Paths.
config-path-empty = the path is empty
    .hint = write the name of a file
config-path-backslash = the path `{ $path }` has a backslash in it
    .hint = write paths with /, as in files/statement.pdf
config-path-hidden-character = the path `{ $path }` contains a hidden character
    .hint = give the file a plain name, and write it again by hand
config-path-outside = `{ $path }` leads out of the campaign's folder
    .hint = copy the file into the folder and name it from there: a campaign must be whole when it is handed on
config-no-file = there is no file `{ $path }`
#   $near: a file that is there and was probably meant
config-hint-near-file = did you mean `{ $near }`?
config-hint-no-file = put the file there, or fix the path
#   $what: a folder, a device or a pipe
config-not-a-file = `{ $path }` is { $what }, not a file
    .hint = name a regular file
config-file-unreadable = `{ $path }` cannot be read: { $why }
    .hint = check that the file is yours to read
# Seen behind the name of an attachment, when letters are made.
config-file-replaced = another file was put in its place meanwhile

# [facts]
config-too-many-facts = there are more than { $most } facts
    .hint = take out those that no letter uses
config-fact-too-many-languages = the fact has a text in more than { $most } languages
    .hint = keep those that letters are written in
config-fact-without-text = the fact has no text in any language
    .hint = write one for each language: {"{"} en = "at least 70", fr = "au moins 70" {"}"}
config-hint-fact-text = write it in double quotes, or one for each language: {"{"} en = "…", fr = "…" {"}"}

# [check]
config-allow-unknown = there is no warning of style with the name "{ $name }"
config-allow-safety = "{ $name }" is about safety, and cannot be switched off
config-hint-allow = these can be switched off: { $names }
