# What the commands ask, say and print.

## What goes on while letters leave

#   $outcome: "refused"
screen-copy = copy { $outcome }  { $address }
# Behind the bar of progress: "12 s left".
screen-time-left = { $time } left
screen-others-not-tried = … and others that were not tried; --json and the log name them all
#   $reason: what the server said, or what happened instead
screen-retrying = { $reason }; next try in { $wait }
# Behind the first of those that say why there is no connection.
#   $until: "14:05 UTC"; $hint: trying-hint
screen-trying = it is tried again until { $until }
screen-trying-hint = it is tried again until { $until }. Meanwhile: { $hint }
trying-hint = check that you are online, and smtp.host and smtp.port (465 goes with security = "tls", 587 with "starttls"); some networks let no mail out
#   $pace: how fast letters leave from now on: "one letter in 2 seconds"
screen-slower = { $reason }; next letter in { $wait }, and { $pace } from then on
screen-waiting = next letter in { $wait }

## The last line of a run: "3 letters: 2 accepted, 1 refused."

summary-accepted = { $count } accepted
summary-deferred = { $count } deferred
summary-refused = { $count } refused
summary-in-doubt = { $count } in doubt
#   $parts: a list of the four above
summary = { $letters ->
    [one] 1 letter: { $parts }.
   *[other] { $letters } letters: { $parts }.
}
summary-letters = { $letters ->
    [one] 1 letter.
   *[other] { $letters } letters.
}

## How a run ended early. Each is said when some letters did not go.

stop-interrupted = { $letters ->
    [one] Interrupted: 1 letter not sent; what was sent is recorded. Run `appel send` again for the rest.
   *[other] Interrupted: { $letters } letters not sent; what was sent is recorded. Run `appel send` again for the rest.
}
#   $reply: the server's words, or what happened instead
stop-gave-up =
    Gave up for now: { $reply }
    { $letters ->
        [one] 1 letter not sent; what was sent is recorded. Run `appel send` again later, or with a longer --retry-for.
       *[other] { $letters } letters not sent; what was sent is recorded. Run `appel send` again later, or with a longer --retry-for.
    }
# Behind it, when there was no connection at all.
stop-hint-not-connected = Check that you are online, and smtp.host and smtp.port (465 goes with security = "tls", 587 with "starttls"); some networks let no mail out.
stop-daily-limit = { $letters ->
    [one] smtp.daily-limit is reached: 1 letter not sent; what was sent is recorded. It counts the last 24 hours. Run `appel send` again later.
   *[other] smtp.daily-limit is reached: { $letters } letters not sent; what was sent is recorded. It counts the last 24 hours. Run `appel send` again later.
}
#   $until: "14:05 UTC (in 25 minutes)"
stop-daily-limit-until = { $letters ->
    [one] smtp.daily-limit is reached: 1 letter not sent; what was sent is recorded. It counts the last 24 hours. Run `appel send` again after { $until }.
   *[other] smtp.daily-limit is reached: { $letters } letters not sent; what was sent is recorded. It counts the last 24 hours. Run `appel send` again after { $until }.
}
#   $from, $whole: "14:05 UTC (in 25 minutes)"
stop-daily-limit-in-parts = { $letters ->
    [one] smtp.daily-limit is reached: 1 letter not sent; what was sent is recorded. It counts the last 24 hours. Run `appel send` again after { $from }, or for all that the limit allows after { $whole }.
   *[other] smtp.daily-limit is reached: { $letters } letters not sent; what was sent is recorded. It counts the last 24 hours. Run `appel send` again after { $from }, or for all that the limit allows after { $whole }.
}
stop-limited-by-day =
    The server takes no more letters from this account for now: { $reply }
    { $letters ->
        [one] 1 letter not sent; what was sent is recorded. Run `appel send` again after { $until } (most providers count the last 24 hours; smtp.daily-limit keeps you below their limit).
       *[other] { $letters } letters not sent; what was sent is recorded. Run `appel send` again after { $until } (most providers count the last 24 hours; smtp.daily-limit keeps you below their limit).
    }
stop-limited-by-rate =
    The server takes no more letters from this account for now: { $reply }
    { $letters ->
        [one] 1 letter not sent; what was sent is recorded. Run `appel send` again after { $until } (a lower smtp.rate keeps you below their limit).
       *[other] { $letters } letters not sent; what was sent is recorded. Run `appel send` again after { $until } (a lower smtp.rate keeps you below their limit).
    }
stop-deadline = { $letters ->
    [one] The campaign's deadline has passed: 1 letter not sent; what was sent is recorded.
   *[other] The campaign's deadline has passed: { $letters } letters not sent; what was sent is recorded.
}
# A hint under what made sending impossible.
stop-unsent = { $letters ->
    [one] 1 letter not sent; what was sent is recorded
   *[other] { $letters } letters not sent; what was sent is recorded
}
stop-recipients-lost = the list of recipients could not be read to its end
    .hint = what was sent is recorded: it is not sent again
stop-letter-unwritten = a letter could no longer be written, although it could at the start
    .hint = did the files change meanwhile? Run `appel check`, then `appel send` again
letters-unnamed = { $letters ->
    [one] 1 letter that would have left could not even be named
   *[other] { $letters } letters that would have left could not even be named
}
    .hint = their rows can no longer be read; nothing was sent to them in this run

## The last words of a run

copies-tried-again = { $copies ->
    [one] 1 copy that an earlier run left was due.
   *[other] { $copies } copies that earlier runs left were due.
}
#   Each of these three is followed by the copies, a line each.
copies-deferred = { $copies ->
    [one] 1 copy was put off by the server, although it took the letter; the next `appel send` tries it again:
   *[other] { $copies } copies were put off by the server, although it took their letters; the next `appel send` tries them again:
}
copies-refused = { $copies ->
    [one] 1 copy was refused by the server, although it took the letter; only `appel send --retry-refused` tries it again:
   *[other] { $copies } copies were refused by the server, although it took their letters; only `appel send --retry-refused` tries them again:
}
copies-in-doubt = { $copies ->
    [one] 1 copy is in doubt and held; `appel status` says what to do:
   *[other] { $copies } copies are in doubt and held; `appel status` says what to do:
}
copies-more = { $copies ->
    [one] … and 1 more: see `appel status`
   *[other] … and { $copies } more: see `appel status`
}
nothing-is-due = Nothing is due.
nothing-can-leave = Nothing can leave now.
refused-earlier-more = { $letters ->
    [one] and 1 more
   *[other] and { $letters } more
}
advice-deferred = Deferred letters are sent by the next `appel send`.
advice-refused = Refused letters: `appel log` shows the server's words; fix the address, or try again with --retry-refused.
advice-in-doubt = Letters in doubt may have arrived: they are held, so that nobody gets one twice. `appel status` lists them, and says what to do.
advice-copies-in-doubt = Copies in doubt may have arrived: they are held. `appel status` lists them, and says what to do.
advice-held-back = Letters held back are still due: run `appel send` again when their time has come. One address gets so many letters in 24 hours, in all your campaigns; [limits] in your account file can raise that.

## The question before the first letter

ask-send = { $letters ->
    [one] Send 1 letter?
   *[other] Send { $letters } letters?
}
ask-send-hint = look at `appel send --dry-run`, then send with --yes
nobody-to-confirm = nobody is here to confirm
nobody-answered = nobody answered
overview-copies-to-self =
    { $letters ->
        [one] A copy of it goes to you ({ $address }), by itself and behind it.
       *[other] A copy of each of these { $letters } letters goes to you ({ $address }), by itself and behind them all.
    }
overview-from = From { $name } <{ $email }>, through { $host }
# How many letters: inside of the lines below.
timetable-all = { $letters ->
    [one] 1 letter
   *[other] { $letters } letters
}
timetable-limited = { $letters ->
    [one] 1 letter, of which smtp.daily-limit lets { $leave } leave now (it counts the addresses of the last 24 hours)
   *[other] { $letters } letters, of which smtp.daily-limit lets { $leave } leave now (it counts the addresses of the last 24 hours)
}
#   $letters: "3 letters"
timetable = { $letters }.
#   $wait: "25 minutes"
timetable-takes = { $letters }, about { $wait } at this pace.
#   $end: a time of day, in UTC
timetable-until = { $letters }, about { $wait } at this pace, until { $end }.
#   $until: "14:05 UTC (in 25 minutes)"
timetable-next = The next can leave after { $until }.

## Headings of tables

column-letter = letter
column-letters = letters
column-to = to
column-language = language
column-copies = copies
column-subject = subject

## What is left out, and what is held back

letters-more-in-all = { $letters ->
    [one] … and 1 letter more. In all:
   *[other] … and { $letters } letters more. In all:
}
held-back-until = Held back, not before { $until }:
#   $letter: the id of a letter of the campaign
#   $to: an address
letter-to = { $letter } to { $to }
held-back-more = { $letters ->
    [one] … and 1 letter more held back; `appel send --dry-run --json` names them all
   *[other] … and { $letters } letters more held back; `appel send --dry-run --json` names them all
}
#   $reasons: "2 letters were sent before; 1 letter is refused"
not-sent = Not sent: { $reasons }.

## `appel check`

check-fine = { $letters ->
    [one] { $file }: no problem found. 1 letter for this sender.
   *[other] { $file }: no problem found. { $letters } letters for this sender.
}
check-warnings =
    { $file }: { $warnings ->
        [one] 1 warning
       *[other] { $warnings } warnings
    }, nothing that stops a run. { $letters ->
        [one] 1 letter
       *[other] { $letters } letters
    } for this sender.
check-errors = { $errors ->
    [one] { $file }: 1 error to fix before anything can be sent.
   *[other] { $file }: { $errors } errors to fix before anything can be sent.
}
check-errors-and-warnings =
    { $file }: { $errors ->
        [one] 1 error
       *[other] { $errors } errors
    } to fix before anything can be sent, and { $warnings ->
        [one] 1 warning
       *[other] { $warnings } warnings
    }.
#   $over: which address gets too much, and how much
check-crowded = { $letters ->
    [one] { $over }: the next run would hold 1 letter back
   *[other] { $over }: the next run would hold { $letters } letters back
}
    .hint = they stay due, and leave later; whoever sends can allow more in the account file: [limits]
check-crowded-others = { $letters ->
    [one] other addresses would get too much as well: the next run would hold 1 letter back
   *[other] other addresses would get too much as well: the next run would hold { $letters } letters back
}
    .hint = they stay due, and leave later; whoever sends can allow more in the account file: [limits]
#   A table of who gets what. "senders": the countries that they are in.
coverage-title = Who gets what, by where its sender is:
coverage-senders = SENDERS IN
coverage-letter = LETTER (ROLE)
coverage-language = LANGUAGE
coverage-to = TO
coverage-everywhere = all countries
coverage-elsewhere = elsewhere
coverage-sender = the sender's
coverage-fallback = the sender's (reads { $reads })
coverage-only = { $language } (reads { $reads })
coverage-nothing = none
coverage-more = and { $count } more
coverage-lines-left = And { $count } lines more: `appel check --json` has them all.
#   $from: countries
coverage-gap = Nobody gets { $letter } ({ $role }) from { $from }: no row of this role serves { $count ->
        [one] it
       *[other] them
    }.
check-matrix-cut = the letters of senders elsewhere were looked at up to { $letters }: the list is long, and their texts ask where the sender is
    .hint = look at the others country by country: appel check --as DE
check-csv-another = { $path } is there already, and is no table of problems
    .hint = it is left as it is: give another name, as in --csv problems.csv
check-no-smtp = there is no [smtp] table: this campaign can be checked and rehearsed, but not sent
    .hint = write it into your account file: [smtp] with host, port and security
#   $why: what is wrong with the ledger
check-ledger-unread = what was sent already cannot be told: { $why }

## What every command may say

cannot-start = cannot start
cannot-print = cannot print
#   APPEL_NOW: a variable of the environment
now-is-no-moment = APPEL_NOW is not a moment such as 2026-01-31T12:00:00Z
errors-to-fix = { $errors ->
    [one] 1 error to fix; nothing was sent
   *[other] { $errors } errors to fix; nothing was sent
}
ledger-no-home = there is no home folder to keep the ledger in
    .hint = name a place with --ledger PATH
ledger-flag-hint = --ledger takes the path of a file
#   $ledger: its path
ledger-not-there = there is no ledger { $ledger } yet: it knows of nothing sent
    .hint = if you have sent letters with it, check the path, and that its drive is there
#   $text: what was written behind --to
to-is-no-address = --to { $text }: { $why }
message-too-long = --message: { $path } is too long: { $size }
    .hint = a personal paragraph has a few lines; at most 1 MiB is read
#   $what: "a folder"
message-no-file = --message: { $path } is { $what }, not a file
    .hint = name a text file, or write the text itself: --message "…"
message-unread = --message: cannot read { $path }: { $why }
    .hint = the file must be plain text in UTF-8
#   $code: its number in Unicode, "U+001B"
message-control-character = --message holds the control character { $code }
    .hint = write it in a text editor as plain text

#   $count: how many letters want them; $letters: which letters of the campaign
own-words-wanted = { $count ->
    [one] 1 letter wants a paragraph of your own, and has none: { $letters }
   *[other] { $count } letters want a paragraph of your own, and have none: { $letters }
}
    .hint =
        nothing was sent. Write a few sentences that only you can write, and say them with the run:
        appel send --message "…"
        or from a text file: appel send --message @words.txt
own-words-will-be-wanted = { $count ->
    [one] 1 letter leaves only with a paragraph of the sender's own: { $letters }
   *[other] { $count } letters leave only with a paragraph of the sender's own: { $letters }
}
    .hint = whoever sends gives it to the run: appel send --message "…", or --message @words.txt
#   $letter: the letter's id
own-words-lost = the letter `{ $letter }` may have left with your own words, and they are no longer there
    .hint = say them again with --message

## `appel log`

log-two-forms = --csv and --json are two forms of the same log
    .hint = ask for one of them
log-nothing = Nothing was tried yet.
log-unwritten = the log could not be written to its end
    .hint = what was sent is recorded all the same; make room on that disk, then run the same command again

## `appel new`

new-not-empty = { $folder } is there already, and not empty
    .hint = name a new folder: nothing is ever written over
cannot-write-to = cannot write to { $folder }
new-made = { $folder }: a campaign to edit.
#   $config: the path of the new campaign's configuration
#   $account: the path of the account file
new-next =
    Now:
    {"  "}1. appel rehearse -c { $config }   (sends nothing, shows everything)
    {"  "}2. edit config.toml, recipients.csv and templates/, then appel check -c { $config }
    {"  "}3. put your own name and mail server, {"["}sender] and {"["}smtp], into { $account }
# Where there is no home folder that it could be in.
new-account-file = an account file (--account FILE)

## `appel preview`

letter-unreadable = a letter cannot be read back
    .hint = please report this
#   $letter: the id of a letter; $language: its code
preview-title = { $letter } in { $language }
preview-none = No letter is for this sender.

## `appel purge`

ask-purge = Forget all of it?
ask-purge-hint = read what would be forgotten, then purge with --yes
purge-nothing-removed = Nothing was removed.
purge-nothing = Nothing is recorded of this campaign.
purge-removed =
    Removed: { $letters ->
        [one] 1 letter
       *[other] { $letters } letters
    }, { $attempts ->
        [one] 1 attempt
       *[other] { $attempts } attempts
    }.
purge-removed-with-log =
    Removed: { $letters ->
        [one] 1 letter
       *[other] { $letters } letters
    }, { $attempts ->
        [one] 1 attempt
       *[other] { $attempts } attempts
    }, and the log.
purge-traces-stay = the records are removed, but traces stay in the files of the ledger { $ledger }: another program is reading it
    .hint = close it, then run `appel purge` again
purge-log-stays = the records are removed, but the log { $log } is not
    .hint = remove it by hand, or run `appel purge` again
purge-log-unfit = the log cannot be erased, so nothing was removed: { $why }
purge-word-unread = what you said of folders cannot be read, so nothing was removed
    .hint = look at folders.json in your state folder
purge-word-stays = the records are removed, but not what you said of the campaign's folder
    .hint = run `appel purge` again
purge-title-stays = the records are removed, but not the campaign's title in titles.toml
    .hint = run `appel purge` again
# What will be removed. A path comes on the next line.
purge-records =
    To be removed: { $letters ->
        [one] these 1 letter
       *[other] these { $letters } letters
    }, with { $attempts ->
        [one] 1 attempt
       *[other] { $attempts } attempts
    } by { $senders ->
        [one] 1 sender
       *[other] { $senders } senders
    }, from the ledger
purge-log = To be removed: the log
purge-word = To be removed: that you called the campaign's folder your own
purge-for-good = Records of other campaigns stay. This cannot be undone.
purge-accepted = { $letters ->
    [one] What was sent is forgotten: a later `appel send` would send 1 letter again.
   *[other] What was sent is forgotten: a later `appel send` would send { $letters } letters again.
}
purge-in-doubt = { $letters ->
    [one] 1 letter in doubt, which may have arrived, would be sent again too.
   *[other] { $letters } letters in doubt, which may have arrived, would be sent again too.
}
purge-hashes-stay = So that nobody gets too much, a salted hash of each address stays until the first `appel send` after 24 hours; who guesses an address can test it.
purge-daily-limit = { $letters ->
    [one] smtp.daily-limit will no longer count 1 letter of the last 24 hours; your provider does.
   *[other] smtp.daily-limit will no longer count { $letters } letters of the last 24 hours; your provider does.
}

## Behind numbers of letters: `appel status`, `appel purge`

count-accepted = accepted
count-deferred = deferred (due again)
count-refused = refused
count-in-doubt = in doubt (held)
count-untried = never tried
count-due = due

## `appel rehearse`

no-temporary-folder = cannot make a temporary folder
rehearse-not-kept = the letters that arrived could not be kept
rehearse-was-one = This was a rehearsal: nothing left this machine.
rehearse-follows =
    { $letters ->
        [one] 1 letter follows another one. In a rehearsal nobody has got that one before, so it did not leave; `appel preview` shows it.
       *[other] { $letters } letters follow another one. In a rehearsal nobody has got that one before, so they did not leave; `appel preview` shows them.
    }
rehearse-arrived = Arrived at the built-in mail server:
rehearse-first = The first of them in full:
rehearse-more = { $letters ->
    [one] … and 1 letter more.
   *[other] … and { $letters } letters more.
}
rehearse-kept = { $letters ->
    [one] 1 letter in { $folder }
   *[other] { $letters } letters in { $folder }
}
rehearse-differ = The server took { $taken }, the ledger knows of { $known }: please report this.

## `appel send`

nothing-was-sent = Nothing was sent.
send-no-smtp = there is no [smtp] table: appel does not know how your mail leaves
    .hint =
        write it into your account file, with host, and password-command or none to be asked:
        {"["}smtp]
        host = "smtp.example.org"
send-from-an-example = your address { $address } is an example's, which reaches nobody
    .hint = put the real addresses in, or rehearse: appel rehearse
send-to-an-example = the recipient { $address } is an example's, which reaches nobody
    .hint = put the real addresses in, or rehearse: appel rehearse
log-no-home = there is no home folder to keep a log in
log-unfit = no log is written: { $why }
letter-unwritten = cannot write a letter to the folder
    .hint = is there room on the disk?
written-to = { $letters ->
    [one] Written to { $folder }: 1 letter. Nothing was sent.
   *[other] Written to { $folder }: { $letters } letters. Nothing was sent.
}
dry-run = { $letters ->
    [one] Dry run: 1 letter would be sent. Nothing was sent.
   *[other] Dry run: { $letters } letters would be sent. Nothing was sent.
}

## `appel settle`

settled-as-sent = { $letters ->
    [one] 1 letter settled as sent: it counts as accepted and is never sent again.
   *[other] { $letters } letters settled as sent: they count as accepted and are never sent again.
}
settled-as-unsent = { $letters ->
    [one] 1 letter settled as unsent: it is due again, and the next `appel send` sends it as the same message.
   *[other] { $letters } letters settled as unsent: they are due again, and the next `appel send` sends them as the same messages.
}
settled-as-sent-before = { $letters ->
    [one] 1 letter settled as sent before:
   *[other] { $letters } letters settled as sent before:
}
settled-as-unsent-before = { $letters ->
    [one] 1 letter settled as unsent before:
   *[other] { $letters } letters settled as unsent before:
}
#   $letter: "protest to info@mid.example"
#   $at: "2026-11-25 at 10:00 UTC"
settled-on = { $letter }, on { $at }
day-and-time = { $day } at { $time }
settle-unknown = the ledger { $ledger } knows no letter { $id }
settle-elsewhere = the letter { $id } belongs to another campaign, { $campaign }
    .hint = settle it with that campaign's configuration: appel settle -c FILE
#   $words: what the server said
settle-is-accepted = { $letter } is not in doubt: the server accepted it on { $at }: { $words }
settle-is-deferred = { $letter } is not in doubt: it was deferred on { $at }, and is due again: { $words }
settle-is-refused = { $letter } is not in doubt: the server refused it on { $at }: { $words }
settle-is-settled-as-sent = { $letter } is not in doubt: it was settled by hand as sent on { $at }
settle-is-settled-as-unsent = { $letter } is not in doubt: it was settled by hand as unsent on { $at }, and is due again
settle-never-tried = { $letter } is not in doubt: it was never tried, and is due
settle-nothing = nothing was settled
settle-none-in-doubt = no letter of this campaign is in doubt
# What could be settled instead: a line for each letter comes behind it.
settle-in-doubt = in doubt:
settle-letter = { $id }  { $letter }
settle-more-in-doubt = … and { $letters } more: see `appel status`

## `appel status`

status-errors = { $errors ->
    [one] The campaign has 1 error to fix before anything is due: run `appel check`.
   *[other] The campaign has { $errors } errors to fix before anything is due: run `appel check`.
}
# Which edition of a campaign's files this is, each on a line of its own.
edition-version = Version { $version }.
edition-updated = Updated { $updated }.
edition-version-updated = Version { $version }, updated { $updated }.
#   $contact: the organiser's address or page
edition-contact = Questions about this campaign go to { $contact }.
## Facts that are set, listed, and what was changed of them

#   $text: what it says, in a language
fact-in-language = { $text } ({ $language })
fact-source = Source: { $source }
fact-source-in-language = Source: { $source } ({ $language })
#   $at: "2026-11-25 10:00 UTC"
fact-as-of = As of { $at }
fact-expires-at = Expires { $at }
fact-expired-at = Expired { $at }: letters that say it are stopped
fact-never-expires = No expiry.
fact-said-by = Letter: { $letter } ({ $languages })
fact-said-by-none = No letter says it.
fact-list-none = There are no facts.
fact-list-wrong = { $name }: see `appel check`
fact-changed = { $at }  { $name }
fact-history-none = Nothing was changed with `appel fact set`.
#   $now, $before: what it says, and said
fact-now = { $now }
fact-still = { $now }, as before
fact-now-and-before = { $now }, before: { $before }
fact-unsent = { $letters ->
    [0] No unsent letter changes.
    [one] 1 letter not sent yet says it from now on:
   *[other] { $letters } letters not sent yet say it from now on:
}
fact-kind = { $letter } in { $language }: { $letters }
fact-received = { $letters ->
    [0] Nobody has another figure by letter.
    [one] 1 recipient has another figure by letter:
   *[other] { $letters } recipients have another figure by letter:
}
fact-kind-said = { $letter } in { $language }, "{ $value }": { $letters }
fact-holder = { $to }  { $letter }
fact-holders-more = { $letters ->
    [one] … and 1 more: see `appel log`
   *[other] … and { $letters } more: see `appel log`
}
fact-received-copies = { $copies ->
    [one] 1 copy went with them.
   *[other] { $copies } copies went with them.
}
fact-received-unknown = { $letters ->
    [one] Of 1 more letter it is not known what it said.
   *[other] Of { $letters } more letters it is not known what they said.
}
fact-correct-them = To tell them, add a [[letter]] with an id of its own, follows = "{ $letter }" and if-fact-was = "{ $name }"; it goes to these alone.
#   $languages: "fr, nl"
fact-other-languages = `{ $name }` says in { $languages } what it said before
    .hint = set those too, each with --language
fact-campaign-wrong = { $errors ->
    [one] the figure is set; what letters say it cannot be told while the campaign has 1 error
   *[other] the figure is set; what letters say it cannot be told while the campaign has { $errors } errors
}
    .hint = run `appel check`
fact-unknown-here = there is no fact `{ $name }`
fact-no-name = `{ $name }` cannot be the name of a fact
    .hint = use letters, digits, - and _
fact-uneven = for several languages give a value for each --language, in the same order, and one source or as many
    .hint = appel fact set killed "at least 70" --language en "au moins 70" --language fr --source "…"
fact-expired-already = --expires is in the past: no letter with this figure could leave
    .hint = write a moment to come, as 2026-12-24T18:00:00+01:00, or how long from now: 48h, 90m
fact-no-moment = { $flag }: "{ $text }" is no moment
    .hint = write date, time and offset: 2026-11-25T18:00:00+02:00 (Z in place of +02:00 is Greenwich time)
#   $key: "value" or "source"; $languages: "en fr"
fact-in-languages = the { $key } of `{ $name }` has a text in each of several languages: { $languages }
fact-in-languages-hint = say the language of each that you give: { $command }
fact-set-wrong = the fact `{ $name }` is wrong as it stands
    .hint = run `appel check`, and mend it first
fact-not-set = the fact `{ $name }` cannot be set without changing something else
    .hint = write it into the configuration by hand
fact-history-unread = { $path } cannot be read as TOML
    .hint = mend it, or move it away: a new one is begun then
fact-history-behind = the configuration has the new figure; the history lacks it: set `{ $name }` again
fact-file-changed = { $path } was changed while it was being edited, and is left as it is
fact-file-changed-hint = run the same command again
#   $readers: how many got the letter, and were told another figure than today's last
correction-outdated =
    { $readers ->
        [one] 1 recipient got `{ $letter }`, and today's `{ $fact }` is another again
       *[other] { $readers } recipients got `{ $letter }`, and today's `{ $fact }` is another again
    }
    .hint = a letter goes to nobody twice: for those add a [[letter]] with another id, follows = "{ $letter }" and the same if-fact-was; whoever has not got `{ $letter }` gets it with today's figure
correction-without-figure = the letter `{ $letter }` is for those who had another `{ $fact }`, and does not say today's
    .hint = write {"{{"}fact "{ $fact }"{"}}"} where the new figure belongs
# Under errors in the files of a campaign that somebody else keeps up.
ask-for-mended-files = these files are kept up by { $contact }: show them this there, and ask for mended ones
status-title = { $title } ({ $campaign }), from { $sender }
#   $when: one of the two below
status-letter = { $letter }  { $to }  { $when }
status-tried = tried { $at }
status-first-tried = first tried { $at }
status-more = … and { $letters } more
# The figures that letters said: the value of a fact in a language, and in how many letters.
status-figures = Figures in the letters that were accepted:
status-figure = { $fact } ({ $language }): "{ $value }" in { $letters ->
    [one] 1 letter
   *[other] { $letters } letters
}
status-old-figure = { $fact } ({ $language }): "{ $value }" in { $letters ->
    [one] 1 letter; it is another today
   *[other] { $letters } letters; it is another today
}
status-in-doubt = In doubt: the server may have taken these, or not. They are held.
status-what-to-do = Look into your Sent folder (some providers put there what was sent), or ask the recipient. Then tell appel; ID is what stands between < and > above:
status-settle-sent = it arrived: never sent again
status-settle-unsent = it did not: due again
status-resend = If nobody can tell, and twice is better than never: `appel send --resend-in-doubt` sends all of them again, as the same messages.
#   In place of $to of `status-letter`.
status-copy = { $address } (a copy)
status-copies-deferred = Copies that were put off although the letter was taken; `appel send` tries them again.
status-copies-refused = Copies that were refused although the letter was taken; `appel log` shows the server's words.
# What runs found out about mail servers: `status -v`.
status-hosts = What was found out about mail servers, kept for seven days:
# The first line of the file titles.toml.
titles-file = Under which title each campaign was sent last, so that two folders with one id are told apart. This file can be deleted.
# The first line of the file hosts.toml.
hosts-file = What appel found out about mail servers, so that the next run need not. It holds for seven days. This file can be deleted.
host-letters-per-connection = { $letters ->
    [one] takes 1 letter a connection
   *[other] takes { $letters } letters a connection
}
host-no-pipelining = gets one command at a time, for it cannot follow several
host-wants-domain = wants a name in the greeting: your address's domain
host-pace = gets { $pace } at most
status-refused = Refused by the server; `appel log` shows its words.

## A folder that names its own mailbox

#   $tables: which tables of the configuration: "[sender] and [smtp]"
trust-both-tables = [sender] and [smtp]
trust-nobody-here = nothing was sent: the campaign's folder names the mailbox itself ({ $tables }), and nobody is here to say whose it is
trust-write-account = write { $tables } into your account file, { $account }: it is used for every folder
trust-name-account = write { $tables } into your account file, named with --account FILE: it is used for every folder
trust-flag = or, if you wrote this folder yourself, add --own-folder: it holds for this run
trust-not-given = nothing was sent
    .hint = to send the letters of somebody else's folder, write your own { $tables } into your account file: it counts instead of the folder's
trust-unread = what you say of folders cannot be read: { $why }
    .hint = you will be asked again next time
trust-unkept = what you say of folders cannot be kept: { $why }
    .hint = you will be asked again next time
ask-trust = Is this folder, and this mailbox, your own?
trust-names-mailbox = The folder { $folder } names a mailbox itself, in { $tables } of its configuration:
trust-changed = You called the folder { $folder } your own, and since then this changed:
# Under a value that is another one now.
trust-was = was { $value }
trust-say-yes-only-if = Letters go to this server under this name, and so does your password (asked for, or from APPEL_SMTP_PASSWORD). Say yes only if you wrote this configuration yourself.
# A path comes on the next line.
trust-no-account = You have no account file yet. With one you are not asked: move { $tables } from this folder to

## Behind Ctrl-C

finishing = finishing what is on its way; press Ctrl-C again to stop at once (those letters will be in doubt)

## A question whose answer, without another word, is no

ask = { $question } {"[y/N]"}
# What counts as a yes, in small letters, with blanks between.
ask-yes = {"y yes"}
