# The help of each command and flag.

## Headings

help-heading-usage = Usage:
help-heading-arguments = Arguments
help-heading-commands = Commands
help-heading-options = Options
help-heading-selection = Selection
help-heading-everywhere = Everywhere

## The commands, by who needs them

help-group-take-part = To take part in a campaign:
help-group-afterwards = Afterwards, or when something went wrong:
help-group-organise = To make a campaign:

help-appel =
    Sends a letter campaign from your own mailbox: the right letter, in the right language, to the right inbox, once.

    Were you given a campaign's folder? Begin with `appel rehearse -c FOLDER`: it shows everything and sends nothing.
    Do you make one? Begin with `appel new FOLDER`.
help-new = Start a campaign folder from the built-in example
help-check = Validate everything: all problems at once, nothing is sent
help-import = Make rows of recipients of another list: an address book, a spreadsheet, people in office
help-clean = Write copies of files without what they tell of whoever made them
help-preview = Show the letters as they would leave
help-rehearse = Run the real send against a built-in mail server, and show what arrived
help-send = Send what is due
help-status = Show where the campaign stands
help-settle = Say what became of letters in doubt: they arrived, or they did not
help-log = Show every attempt, oldest first
help-fact = Change the figures that letters say, and see who got which
help-fact-set = Set a figure, with its source: the file keeps its comments, and who got the old figure is said
help-fact-list = Show each figure with its source, its time, and the letters that say it
help-fact-history = Show what was changed, and when
help-purge = Forget a campaign: remove its records from the ledger, and its log

## Flags of every command

help-help = Print help
help-version = Print the version
help-config = The campaign's configuration, or its folder [default: config.toml]
help-account = Your account, `[sender]` and `[smtp]` [default: appel/config.toml in your configuration folder]
help-ledger = The ledger that remembers what was sent [default: appel/ledger.sqlite3 in your state folder]
help-json = Print results as JSON, one object a line
help-quiet = Print only results and errors
help-verbose = Print more; write addresses to the log in full
help-lang = The language of the screen [default: en]
help-color = When to use colours: auto, always or never (`NO_COLOR` is respected) [default: auto]

## Flags of several commands

help-message = Your own paragraph, or @FILE to read it from a file
help-letter = Only this letter (may be repeated)
help-role = Only recipients with this role (may be repeated)
help-to = Only this address (may be repeated)
help-limit = At most so many letters
help-as = As somebody in this country would send, in this language: DE, or BE/fr

## Flags of one command

help-new-dir = The folder to make
help-check-mine = Look at your own letters alone, not at those of senders in other countries
help-check-csv = Write all problems to this file too, as a table for spreadsheets (CSV)
help-rehearse-keep = Keep every letter that arrived as an .eml file in this folder
help-send-dry_run = Show what would be sent, send nothing
help-send-out = Write each letter to this folder as an .eml file instead of sending it; the ledger is not touched
help-send-yes = Do not ask before sending
help-send-own_folder = Say that the campaign's folder is your own, for this run: only then is a mailbox used that the folder itself names
help-send-retry_for = How long to keep trying when the server says "later" [default: smtp.retry-for]
help-send-resend_in_doubt = Send again what may have arrived already: letters in doubt, under the same Message-ID
help-send-retry_refused = Try again what the server refused in an earlier run
help-settle-letters = Which letters: the Message-ID of each, as `appel status` shows it, without the angle brackets
help-settle-sent = They arrived: they count as accepted, and are never sent again
help-settle-unsent = They did not: they are due again, and the next send sends them as the same messages
help-fact-set-name = The figure: killed, for [facts.killed]
help-fact-set-values = What it is now; one for each --language, in that order, or one for all
help-fact-set-source = Who says so; one for each --language, or one for all
help-fact-set-as_of = When they said so, 2026-11-25T18:00:00+02:00 [default: now]
help-fact-set-expires = From when on no letter says it any more: such a moment, or a time from now, 48h
help-fact-set-language = The language of a value (may be repeated); the other languages stay as they are
help-fact-history-only = Only this figure
help-log-csv = Print a table for spreadsheets (CSV): one row for each address of each attempt
help-import-file = The list: vCard (.vcf), Popolo (.json), or a table with columns of its own (.csv, .xlsx, .ods, .xls, "list.xlsx#Sheet")
help-import-role = The role of those who have none in the list: embassy, ministry, support, or any word that a letter names
help-import-out = Write the rows to this new file instead of printing them
help-clean-files = The files to clean; statement.pdf becomes statement.clean.pdf beside it
help-purge-yes = Do not ask before removing
