# What became of a letter, and why.

# What became of a letter, in a word: in tables, in lines of their own, and at the beginning of a line.
outcome-accepted = accepted
outcome-deferred = deferred
outcome-refused = refused
outcome-in-doubt = in doubt

# What happened to a letter, or to a connection, instead of a server's reply. It stands behind a colon.
#   $cause: what the system said
reply-lost = the connection was lost: { $cause }
reply-closed = the connection was lost: closed by the server
reply-reset = the connection was lost: reset by the server
#   $time: one of reply-time-…
reply-late = the server did not answer within { $time }
#   $said: the beginning of it
reply-not-smtp = the server sent something that is not an SMTP reply: { $said }
# A reply that may hold the password.
#   $codes: the reply codes with a blank behind them, "535 5.7.8 "
reply-not-shown = { $codes }(the server's words are not shown: they may hold the password or token)
reply-endless = the server sent something that is not an SMTP reply: a reply without an end
reply-out-of-step = the server spoke, or hung up, without being asked anything
reply-not-begun = the connection was lost before this letter was sent
reply-not-asked = no reply
reply-needs-smtputf8 = the server does not take addresses with letters like these before the @ (it lacks SMTPUTF8)
reply-too-large = the letter has { $bytes } bytes, the server takes { $limit } at most
reply-run-ended = not tried: the run ended before
reply-another-run = not tried: another run has it
reply-interrupted = interrupted while it was being sent
reply-ledger-lost = the ledger was lost while it was being sent
reply-program-ended = the program ended while this letter was being sent
reply-machine-stopped = the machine stopped while this letter was waiting its turn, or being sent
reply-settled-as-sent = settled by hand as sent
reply-settled-as-unsent = settled by hand as unsent: due again

# The same of a letter in doubt, which the server had when it happened.
reply-handed-over-lost = the letter was handed over, then the connection was lost: { $cause }
reply-handed-over-closed = the letter was handed over, then the connection was lost: closed by the server
reply-handed-over-reset = the letter was handed over, then the connection was lost: reset by the server
reply-handed-over-late = the letter was handed over, then the server did not answer within { $time }
reply-handed-over-endless = the letter was handed over, then the server sent something that is not an SMTP reply: a reply without an end
reply-handed-over-not-smtp = the letter was handed over, then the server sent something that is not an SMTP reply: { $said }

# How long a server was waited for.
reply-time-milliseconds = { $count } ms
reply-time-seconds =
    { $count ->
        [one] 1 second
       *[other] { $count } seconds
    }
reply-time-minutes = { $count } minutes

# What is told of letters that are not sent: a word each.
verdict-dry-run = dry run
verdict-skipped = skipped

# A letter that the server took when the ledger could not be written any more.
#   $reply: the server's words
reply-not-recorded = the server took it, but the ledger could not record it: { $reply }

# While a run goes on: what keeps it; when the next try is, is said behind it.
#   $letter, $to: which letter, and to whom
retrying-letter = { $letter } to { $to }: { $reply }

# Ends a run: the server says the same to one letter after the other.
account-refused = the server takes no letters from this account for now
account-said = { $letters ->
    [one] it said of the only letter tried: { $reply }
   *[other] it said of { $letters } letters running, and took none between: { $reply }
}
account-due-again = { $letters ->
    [one] 1 letter not sent; it is due again, and what was sent is recorded. Once that is settled: appel send
   *[other] { $letters } letters not sent; all of them are due again, and what was sent is recorded. Once that is settled: appel send
}
# What the server probably means.
account-wants-sign-in = the server probably wants you to sign in first: set smtp.username, or leave it out to sign in with your address; `username = ""` means without signing in
account-may-not-relay = the server probably does not send letters of this account to others: check smtp.host, and that smtp.username is the mailbox you send from
account-sender-refused = the server probably does not let this account send from your address: check sender.email and smtp.username; most providers only send for the address you sign in with
account-has-sent-enough = you have probably sent as many letters as your provider allows for now: wait some hours, or until tomorrow. A lower smtp.rate or smtp.daily-limit keeps you below its limit
account-is-blocked = your provider probably takes these letters for spam, or has blocked the account for a while: sign in on its web page and look for a message, write to its support, and send more slowly (smtp.rate)
account-wants-encryption = the server takes letters over an encrypted connection only: set security = "starttls" (port 587) or "tls" (port 465) under [smtp]
account-too-large = the letters are longer than this server takes: make attachments smaller, or fewer
account-unknown-reason = such words are hardly about the letters. Ask your provider what they mean

# Ends a run.
line-breaks-behind-letters = the line to the server broke behind four letters, one after the other
    .hint = letters are in doubt: `appel status` lists them. Look whether they arrived before anything else leaves; then ask your provider, or whoever runs the server

# Why no connection came about: it is tried again.
#   $host, $port: the mail server; $cause: what the system said
not-connected = cannot connect to { $host } port { $port }: { $cause }
not-connected-late = cannot connect to { $host } port { $port }: no answer
#   $cause: the server did not answer within 20 seconds
not-connected-no-greeting = no greeting from { $host } port { $port }: { $cause }
not-connected-lookup = the name { $host } could not be looked up: { $cause }
not-connected-lookup-late = the name { $host } could not be looked up in time
not-connected-no-address = the name { $host } has no address
#   $proxy: a host with its port; $why: one of those that follow
not-connected-by-proxy = the proxy { $proxy } cannot reach { $host } port { $port }: { $why }
proxy-gives-no-reason = it gives no reason; the name may be wrong
proxy-network-down = its network is down
proxy-nothing-there = nothing answers there, or the name is wrong
proxy-connection-refused = the connection was refused
proxy-no-answer-there = nothing answered in time
