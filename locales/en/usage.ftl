# A command line that makes no sense.

usage-unknown-argument = unexpected argument `{ $argument }`
usage-unknown-command = there is no command `{ $command }`
usage-no-command = a command is missing
#   $arguments: a list of what is to be given
usage-missing = this is missing: { $arguments }
usage-twice = `{ $argument }` is given twice
usage-conflict = `{ $argument }` cannot be used with `{ $other }`
usage-no-value = a value is missing for `{ $argument }`
#   $valid: a list of what it could be
usage-none-of = invalid value `{ $value }` for `{ $argument }`: it is one of { $valid }
#   $why: one of those below
usage-value-because = invalid value `{ $value }` for `{ $argument }`: { $why }
usage-value = invalid value `{ $value }` for `{ $argument }`
usage-takes-no-value = unexpected value `{ $value }` for `{ $argument }`
usage-values = too many or too few values for `{ $argument }`
usage-no-text = an argument is no text
usage-unclear = the command line makes no sense
usage-similar = did you mean { $suggested }?
#   $suggested: a list of two or more
usage-similar-ones = did you mean one of these: { $suggested }?
#   $usage: "appel new <DIR>"
usage-usage = usage: { $usage }
usage-more = for more information, try --help

usage-language = only en (English) so far
usage-at-least-one = at least 1
usage-as-country = the code of a country is wanted, as in --as DE or --as BE/fr
usage-as-language = behind the / the code of a language is wanted, as in --as BE/fr
usage-as-dry = --as shows what somebody elsewhere would send: add --dry-run
usage-number = a whole number is wanted
usage-too-large = this number is too large
usage-letter-id = no letter has such an id: `appel status` shows those of the letters in doubt
usage-duration = a duration is wanted, such as 90s, 15min or 1h

## How a run ended: the exit codes

exit-codes = Exit codes:
exit-done = everything due was accepted, or nothing was due, or you said no; the check, preview or dry run found no problem
exit-incomplete = the run finished, and some letters or copies were refused, deferred, are in doubt or held back (one address has had enough for a day)
exit-usage = usage: flags, nobody to confirm (no `--yes` off a terminal), no paragraph of one's own for letters that want one (`--message`), or no word that a folder with its own mailbox is yours
exit-invalid = the inputs are invalid: nothing was sent
exit-cannot-deliver = cannot deliver: connection, TLS, authentication, ledger; what was sent is recorded
exit-interrupted = interrupted: letters in flight were finished and recorded first
