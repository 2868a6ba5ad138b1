# The account file, trust in folders, passwords and tokens.

# The account file, as sentences name it: "in the account file /home/ann/.config/appel/config.toml".
account-file-named = the account file { $path }
account-file-usual = the account file (~/.config/appel/config.toml, or --account FILE)
account-file-of-yours = your account file (~/.config/appel/config.toml, or --account FILE)

account-file-missing = there is no { $path }
    .hint = check the path after --account, or leave the flag out to use your own account file

# The account file may not be used: others can change it.
#   $user: the number by which the system knows that person; $command: what to type
account-file-of-another = { $path } belongs to another user (number { $user })
    .hint = whoever changes your account file could have your password. Read it, then make a copy of your own to use
account-file-writable = other people on this computer can write to { $path }
    .hint = whoever changes your account file could have your password. Read it, then run: { $command }
account-folder-of-another = the folder { $path } belongs to another user (number { $user })
    .hint = whoever changes your account file could have your password. Keep it in a folder of your own
account-folder-writable = other people on this computer can write to { $path }
    .hint = whoever changes your account file could have your password. Run: { $command }
account-file-readable = other people on this computer can read { $path }
    .hint = it says how to get your password; run: chmod 600 { $path }

# Whose mailbox it is: what a campaign's folder says of the mailbox that letters would leave from, as a table of names
# and values that the person is asked about.
mailbox-host = host
mailbox-port = port
mailbox-security = security
mailbox-user-name = user name
mailbox-sign-in = sign-in
mailbox-pace = pace
# The header field of that name.
mailbox-from = From
#   $from: a name with an address; $answers: an address
mailbox-from-and-answers = { $from }, answers go to { $answers }
mailbox-nobody-signs-in = none: nobody signs in
#   $rate: one of those with "rate"; $most: one of those with "daily-limit"
mailbox-pace-is = { $rate }, { $most }, connections: { $connections }
mailbox-rate-unlimited = as fast as the server takes them
mailbox-rate-seconds = a letter every { $seconds } s
mailbox-rate-milliseconds = a letter every { $milliseconds } ms
mailbox-daily-limit = at most { $limit ->
        [one] 1 address
       *[other] { $limit } addresses
    } in 24 hours
mailbox-no-daily-limit = without a daily limit

# Where the password or token comes from.
#   $user: the name one signs in with; $host: the mail server
ask-password = Password of { $user } at { $host }
ask-token = Access token of { $user } at { $host }
# Asked once, when the first one was refused; nothing typed ends it.
ask-password-again = Another password of { $user } at { $host } (nothing: stop)
#   $what: that it was refused; $cause: the server's words
ask-again-because = { $what }: { $cause }
# Where a password came from: "the password, which came from …".
password-from-command = smtp.password-command
password-from-variable = the variable APPEL_SMTP_PASSWORD
password-from-person = your typing
password-none = there is no password for { $user }
password-not-given = no password was given
password-variable-empty = the variable APPEL_SMTP_PASSWORD is empty
password-variable-no-text = the variable APPEL_SMTP_PASSWORD holds something that is no text
password-hint-places = set smtp.password-command in your account file, or the variable APPEL_SMTP_PASSWORD, or run this on a terminal to be asked
password-command-cannot-run = smtp.password-command cannot be run
password-command-too-slow = smtp.password-command took longer than 5 minutes
password-command-failed = smtp.password-command failed
password-command-printed-nothing = smtp.password-command printed nothing
password-command-no-text = smtp.password-command printed something that is no text
password-hint-command = run smtp.password-command yourself: its first line should be the password or token

# What to do about a token that the server refused, and that appel cannot renew.
token-from-variable = the token may have expired, and appel cannot renew one that comes from the variable APPEL_SMTP_PASSWORD: set it to a fresh one and run `appel send` again, or let smtp.password-command print one, which is then asked again by itself
token-typed-in = the token may have expired, and appel cannot renew one that was typed in: get a fresh one and run `appel send` again, or let smtp.password-command print one, which is then asked again by itself
