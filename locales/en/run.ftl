# A run: what is about to leave, what is held back, how it ends.

# Why letters are left out, and how many: on lines of their own, and behind "Not sent:" with a ; between them.
left-out-accepted =
    { $count ->
        [one] 1 letter was accepted earlier
       *[other] { $count } letters were accepted earlier
    }
left-out-refused =
    { $count ->
        [one] 1 letter was refused by the server earlier (see `appel log`; try again with --retry-refused)
       *[other] { $count } letters were refused by the server earlier (see `appel log`; try again with --retry-refused)
    }
left-out-in-doubt =
    { $count ->
        [one] 1 letter is in doubt and held (see `appel status`)
       *[other] { $count } letters are in doubt and held (see `appel status`)
    }
left-out-duplicate =
    { $count ->
        [one] 1 letter would go to an address that gets the same letter already
       *[other] { $count } letters would go to an address that gets the same letter already
    }
left-out-other-country =
    { $count ->
        [one] 1 letter is for senders in other countries
       *[other] { $count } letters are for senders in other countries
    }
left-out-address-limit =
    { $count ->
        [one] 1 letter is held back, and still due
       *[other] { $count } letters are held back, and still due
    }
left-out-deadline =
    { $count ->
        [one] 1 letter is too late: the campaign's deadline has passed
       *[other] { $count } letters are too late: the campaign's deadline has passed
    }
# A letter that follows another one goes to those whose mail server took that one in an earlier run.
left-out-not-received =
    { $count ->
        [one] 1 letter follows one that was not accepted for its reader in an earlier run
       *[other] { $count } letters follow one that was not accepted for their readers in an earlier run
    }
left-out-copies-refused =
    { $count ->
        [one] 1 copy was refused by the server earlier (see `appel log`; try again with --retry-refused)
       *[other] { $count } copies were refused by the server earlier (see `appel log`; try again with --retry-refused)
    }
left-out-copies-in-doubt =
    { $count ->
        [one] 1 copy is in doubt and held (see `appel status`)
       *[other] { $count } copies are in doubt and held (see `appel status`)
    }
left-out-copies-address-limit =
    { $count ->
        [one] 1 copy is held back, and still due
       *[other] { $count } copies are held back, and still due
    }
left-out-copies-deadline =
    { $count ->
        [one] 1 copy is too late: the campaign's deadline has passed
       *[other] { $count } copies are too late: the campaign's deadline has passed
    }
copies-again =
    { $copies ->
        [one] 1 copy that was put off is tried again, by itself.
       *[other] { $copies } copies that were put off are tried again, by themselves.
    }
copy-is-another = the letter left without this copy, and its text would be another by now: it is not sent
    .hint = leave the address out of `cc`, and write to it in another way

# Before anything is sent.
letters-not-looked-at = the letters behind those were not looked at
    .hint = so many that cannot be written have one reason: fix that first, then check again
letters-with-errors =
    { $count ->
        [one] 1 error to fix in the letters; nothing was sent
       *[other] { $count } errors to fix in the letters; nothing was sent
    }
letter-never-fits = letter `{ $letter }` goes to { $addresses } addresses with its copies, and smtp.daily-limit allows { $limit } in 24 hours
    .hint = leave some copies out, or raise daily-limit if your provider lets you: otherwise it can never leave
#   $day, $time: in UTC
fact-expired = the fact `{ $fact }` expired on { $day } at { $time } UTC
    .hint = ask { $ask } for the campaign's new files, and put in no figure of your own
attachment-not-read = cannot read the attachment { $path }: { $why }
    .hint = finish what is being written into it, then run the same command again
#   $length, $most: such as 25 MiB
attachments-too-long = the attachments of the letter `{ $letter }` and of { $template } come to { $length } together, a letter carries at most { $most }
    .hint = make the files smaller, or leave some out
row-attachments-too-heavy = with the files of this row the attachments of the letter `{ $letter }` come to { $length } together, a letter carries at most { $most }
    .hint = make the files smaller, or leave some out
attachments-too-long-in-all = the attachments of all letters come to { $length } together, at most { $most } are read
    .hint = make the files smaller, or leave some out
#   $now, $newest: moments
clock-behind = the clock of this computer says { $now }, but the ledger has a letter from { $newest }
    .hint = check the date and time: letters carry them, and daily-limit counts by them

# When a run cannot begin, or goes wrong as none should.
run-broke-off = the run broke off
    .hint = please report this

# What is about to leave: headings of tables.
leaving-heading-attachment = attachment
leaving-heading-size = size
leaving-heading-letters = letters
leaving-heading-copies-go-to = copies go to
leaving-heading-domain = domain
leaving-heading-copies = copies
# And what stands in them and around them.
leaving-bytes =
    { $bytes ->
        [one] 1 byte
       *[other] { $bytes } bytes
    }
#   $size: with one decimal
leaving-kib = { $size } KiB
leaving-mib = { $size } MiB
leaving-other-domains = in other domains
#   $others: how many addresses; $copies: how many copies in all
leaving-others =
    { $others ->
        [one] … and to 1 other address. All { $copies } copies by domain:
       *[other] … and to { $others } other addresses. All { $copies } copies by domain:
    }
leaving-more-others = … and to more than { $others } other addresses. All { $copies } copies by domain:
leaving-all-in-full = Every letter with all its copies: appel send --dry-run | less
leaving-in-all =
    Addresses in all: { $addresses } ({ $letters ->
        [one] 1 letter
       *[other] { $letters } letters
    }, { $copies ->
        [one] 1 copy
       *[other] { $copies } copies
    }).
# Before the address of a copy, in a list of letters, and in the log of a campaign (with what became of it between them).
leaving-copy = copy
attempt-copy = copy

# A letter as its reader sees it: names of headers, in a column 9 wide.
header-from = From:
#   of Reply-To: where answers go
header-reply-to = Answers:
header-to = To:
header-cc = Cc:
header-subject = Subject:
#   in place of a header: the name of a file that goes with it
header-file = File:
file-without-name = (without a name)

# On the screen, when something can no longer be written.
#   $cause: what the system says
output-not-written =
    warning: standard output could not be written to its end: { $cause }
    What was sent is recorded all the same: see `appel log`.
log-not-written = warning: the log { $path } is no longer written: { $cause }
