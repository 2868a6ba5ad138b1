# Mail servers: connecting, signing in, proxies, TLS.
#
# Seen when a run cannot begin or go on: what happened, "caused by" why, and a hint (those with "hint" in their code).
# smtp.host, smtp.port and the like are keys of the configuration.
#   $host: the name of the mail server; $user: the name one signs in with

smtp-no-such-host = there is no host named { $host }
smtp-not-from-here = { $host } does not take mail from here
smtp-greeting-refused = { $host } refused the greeting
smtp-hint-host = check smtp.host
smtp-hint-host-and-port = check smtp.host and smtp.port, or ask your provider
smtp-hint-online = check smtp.host, and that you are online
smtp-hint-report = please report this

# TLS: an encrypted connection, and certificates that say who a server is.
tls-not-set-up = TLS is not set up
tls-not-prepared = the connection was prepared without it
tls-does-not-begin = { $host } does not begin TLS
tls-no-answer = no answer to the TLS handshake
tls-hint-port = no password was sent. Check smtp.port and smtp.security: 465 is "tls", 587 is "starttls"
tls-certificates-unreadable = cannot read the certificates in { $path }
tls-no-certificate = there is no certificate in it
tls-hint-pem = smtp.ca-file names a file in PEM form: -----BEGIN CERTIFICATE-----
tls-unusable = cannot set up TLS
tls-hint-authorities = install your system's CA certificates (the package is often called ca-certificates), or set smtp.ca-file
tls-no-host-name = { $host } is no host name
tls-certificate-invalid = cannot be sure that this is { $host }: its certificate is not valid
#   $day, $today: 2026-11-28
tls-certificate-expired = the certificate ended on { $day }, and by this computer's clock it is { $today }
tls-certificate-not-yet = the certificate begins on { $day }, and by this computer's clock it is { $today }
#   $names: for which servers it is, one or more; $more: how many others
tls-certificate-name = { $more ->
    [0] the certificate is for { $names }
    [one] the certificate is for { $names } and 1 other name
   *[other] the certificate is for { $names } and { $more } other names
}
tls-certificate-no-name = the certificate names no server
tls-certificate-unknown-issuer = the certificate is from an authority that this computer does not know
tls-certificate-self-made = the certificate is self-made: no authority vouches for it
tls-certificate-version = the certificate is of a form that is no longer used (version 1)
tls-certificate-signature = a signature does not fit the certificate, or its key is too short (RSA with fewer than 2048 bits)
tls-certificate-revoked = the certificate was withdrawn by its authority
tls-hint-expired = no password was sent. Check the clock of this computer. If it is right, whoever runs the server has to renew the certificate; one that you have in smtp.ca-file has to be saved anew. On a strange network, try another one
tls-hint-clock = no password was sent. Check the clock of this computer; on a strange network, try another one
tls-hint-name = no password was sent. Check smtp.host: it has to be the name that your provider tells, often one of those in the certificate. On a strange network, try another one
tls-hint-unknown-issuer = no password was sent. If an organisation with an authority of its own runs the server, save that authority's certificate in a file (PEM) and name it as smtp.ca-file in your account file. Otherwise check smtp.host; on a strange network, try another one
tls-hint-self-made = no password was sent. If it is your own server, or a program on this computer such as Proton Bridge (its settings have "Export TLS certificates"), save its certificate in a file (PEM) and name it as smtp.ca-file in your account file. Otherwise check smtp.host; on a strange network, try another one
tls-hint-made-anew = no password was sent. If it is your own server, have its certificate made anew: `openssl req -x509 -newkey rsa:2048` makes one that will do. On a strange network, try another one
tls-hint-certificate-invalid = no password was sent. Check smtp.host; on a strange network, try another one. If the server has a certificate of its own authority, set smtp.ca-file
tls-no-agreement = cannot agree on TLS with { $host }
tls-too-old = it speaks TLS 1.0 or 1.1 only, which others can break
tls-hint-too-old = no password was sent. Servers that know only TLS 1.0 or 1.1 are not used: ask whoever runs it for a server or port with TLS 1.2 or newer
tls-old-ciphers = it has no encryption that is safe today: most likely RSA key exchange only, with which what somebody records can be read later
tls-hint-old-ciphers = no password was sent. Servers without forward secrecy (ECDHE with AES-GCM or ChaCha20) are not used: ask whoever runs it for another server or port, or to have it updated
tls-not-spoken = what it answers there is no TLS

# STARTTLS: a connection that is encrypted only after the server was asked to.
starttls-not-offered = { $host } does not offer STARTTLS
starttls-others-could-read = a connection without TLS could be read by others
starttls-hint-not-offered = no password was sent. Try security = "tls" (port 465); on a strange network, try another one
starttls-refused = { $host } refused STARTTLS
starttls-hint-refused = no password was sent. Try security = "tls" (port 465)
starttls-tampering = somebody between you and { $host } is tampering with the connection
starttls-bytes-in-the-clear = bytes in the clear followed the reply to STARTTLS
starttls-hint-tampering = no password was sent. Try another network, or security = "tls" (port 465)

# Signing in.
sign-in-not-offered = cannot sign in at { $host }
sign-in-no-way-offered = it offers no way to sign in
#   $ways: names of the protocol: PLAIN, LOGIN; $ours: the same, those that appel has
sign-in-ways-for-password = it offers { $ways }; with a password, appel has { $ours }
sign-in-ways-for-token = it offers { $ways }; with a token, appel has { $ours }
sign-in-hint-not-offered = no password was sent. Check smtp.port and smtp.auth; username = "" sends without signing in
sign-in-hint-starttls = no password was sent. The server wants an encrypted connection first: set smtp.security = "starttls"
sign-in-hint-wants-token = no password was sent. The server wants a token: set smtp.auth = "xoauth2" and have smtp.password-command print one, or ask your provider for a server that takes app passwords
sign-in-hint-wants-password = no token was sent. The server wants a password: set smtp.auth = "password", and give that or an app password in place of the token
sign-in-hint-foreign = no password was sent. GSSAPI and NTLM are for the computers of one organisation, CRAM-MD5 and DIGEST-MD5 are no longer safe: ask whoever runs the server for a host and port with PLAIN or LOGIN, mostly 465 with "tls" or 587 with "starttls"
sign-in-no-way-works = { $host } offers ways to sign in, and then takes none of them
#   $way: a name of the protocol: PLAIN; $reply: what the server said to it
sign-in-way-refused = { $way }: { $reply }
sign-in-hint-no-way-works = these words say nothing of your password. Check smtp.port and smtp.security, and look in your provider's help pages for how mail programs sign in; some want a token (smtp.auth = "xoauth2")
sign-in-unproven = { $host } could not show that it knows the password of { $user }
sign-in-unproven-why = its last word in { $way } is not the right one, so it may not be your provider's server
sign-in-hint-unproven = the password was not sent, and nothing else is tried. Check smtp.host; on a strange network, try another one; ask your provider if it stays so
sign-in-password-refused = { $host } did not accept { $user } and its password
sign-in-token-refused = { $host } did not accept the access token of { $user }
sign-in-no-other-token = { $host } did not accept the access token of { $user }, and there is no other
#   $reply: what the server said; $reason: what it said before, when asked why
sign-in-refused-because = { $reply } (the server's reason: { $reason })
# One thing after the other, put together from the left.
sign-in-then = { $before }; then: { $next }
sign-in-hint-password = check smtp.username and the password; many providers want an app password instead of the usual one. It was tried once only
#   $origin: password-from-variable, password-from-command or password-from-person
sign-in-hint-password-from = check smtp.username and the password, which came from { $origin }; many providers want an app password instead of the usual one. It was tried once only
sign-in-hint-no-passwords = this account takes no password from mail programs: allow it in the settings of your mailbox, if your provider lets you, or give a token (smtp.auth = "xoauth2")
sign-in-hint-taken-before = the same password was accepted before in this run, so it is right: the provider may want a pause. It is not tried again; run `appel send` later
sign-in-no-other-password = { $host } did not accept { $user } and its password, and there is no other
sign-in-hint-same-password = the same password again was not tried again: that could lock the account. Check smtp.username; many providers want an app password instead of the usual one
sign-in-hint-other-password-too = the one that was typed in then was refused too, and no third one is tried. Check smtp.username; many providers want an app password instead of the usual one
# A character in a password that hardly belongs there: "the password holds a no-break space (U+00A0) at its end, …".
#   $character: one of those below; $place: where it stands
sign-in-odd-password = the password holds { $character } { $place }, as comes in with copying: give it again without
sign-in-odd-token = the token holds { $character } { $place }, as comes in with copying: give it again without
sign-in-odd-username = smtp.username holds { $character } { $place }, as comes in with copying: write it again without
#   $odd: one of the three above; $hint: a hint that begins with a small letter
sign-in-hint-odd = { $odd }. If that was not it: { $hint }
odd-at-start = at its start
odd-at-end = at its end
odd-inside = inside
#   $number: U+00A0
odd-with-number = { $name } ({ $number })
odd-no-break-space = a no-break space
odd-other-space = a space of another kind
odd-space = a space
odd-soft-hyphen = a soft hyphen
odd-byte-order-mark = a byte-order mark
odd-zero-width = a zero-width character
odd-direction = a mark of the direction of writing
odd-tab = a tab
odd-line-end = a line end
odd-control = a control character
odd-replacement = a sign in place of an unreadable one
odd-invisible = a character that is not drawn
odd-full-width = a full-width letter or sign
odd-dash = a long dash
odd-quote = a curly quotation mark
sign-in-hint-no-tokens = read the server's words; your provider's help pages may know more. No other token was tried
sign-in-hint-same-token = smtp.password-command was asked for another token and gave the same one again. Run it yourself: it has to give a fresh one when the old one has expired, and may want you to sign in anew
sign-in-hint-fresh-token-too = smtp.password-command was asked for another token, and that one was refused too; no third one is tried. Check that it gives tokens of this user name, which may send mail

# The proxy: another computer, or Tor, through which the connection goes.
#   $proxy: 127.0.0.1:9050
proxy-useless = the proxy { $proxy } gives no connection to { $host }
proxy-hint-useless = start the proxy (Tor, say) or fix smtp.proxy; nothing was sent, and nothing is sent around the proxy
proxy-no-answer = no answer in time
proxy-does-not-answer = it takes the connection and does not answer
proxy-hung-up = it hung up
proxy-not-allowed = it is not allowed to
proxy-does-not-know-how = it does not know how to
proxy-wants-a-password = it wants a user name and a password, and appel gives it none
proxy-is-none = what answers there is no SOCKS 5 proxy

# Said after a few seconds of waiting, once, while it goes on waiting.
#   $port: 587
waiting-for-connection = waiting: nothing has taken the connection at { $host } port { $port } yet. Check smtp.host and smtp.port if this goes on; 465 is usual with security = "tls", 587 with "starttls"
waiting-for-tls = waiting: { $host } port { $port } does not answer the TLS handshake. If it goes on, the port may be one that wants security = "starttls" (587 is usual); with "tls", 465 is usual
waiting-for-greeting = waiting: { $host } port { $port } speaks TLS, and has not greeted yet. Some servers take their time; if it goes on, the port may be another service's: 465 is usual for mail with security = "tls"
waiting-for-greeting-or-tls = waiting: { $host } port { $port } has not greeted yet. Some servers take their time; if it goes on, it may be waiting for TLS, which begins at once with security = "tls" (465 is usual; with "starttls" it is 587)

# What was learned of a server while letters leave: said once, and the letters go on.
#   $name, $other: what one is called in the greeting: [127.0.0.1], or a domain
learned-name = { $host } does not take { $name } as the name in the greeting (EHLO): it is greeted as { $other } from now on
learned-no-pipelining = { $host } offers to take several commands at once (PIPELINING) and does not follow: it gets one at a time from now on
learned-no-dsn = { $host } offers notifications of delivery (DSN) and says no to a letter that asks for them: it is tried without

# The wrong port: what answers there, and what is probably meant.
wrong-port-imap = { $host } port { $port } is for reading mail (IMAP), not for sending it
wrong-port-pop3 = { $host } port { $port } is for fetching mail (POP3), not for sending it
wrong-port-web = { $host } port { $port } is for web pages (HTTP), not for mail
wrong-port-ssh = { $host } port { $port } is for remote logins (SSH), not for mail
wrong-port-hint = no password was sent. Check smtp.host and smtp.port: letters leave by port 465 with security = "tls", or 587 with "starttls"; your provider's help pages name the server for outgoing mail (SMTP)
wrong-port-tls = { $host } port { $port } speaks TLS from the first byte
wrong-port-hint-tls = no password was sent. Write security = "tls" for this port (465 is usual), or port = 587 for "starttls"
wrong-port-hint-tls-here = no password was sent. Write security = "tls" for this port
wrong-port-starttls = { $host } port { $port } begins without TLS
wrong-port-hint-starttls = no password was sent. Write security = "starttls" for this port (587 is usual), or port = 465 for "tls"
wrong-port-hint-starttls-here = no password was sent. Write security = "starttls" for this port; for a server on this computer that has no TLS, security = "none"

# The name in the greeting (EHLO), and greetings that say no.
smtp-name-refused = { $host } takes no letters from somebody who calls themselves { $name }
smtp-hint-helo = no letter was refused for good. Set smtp.helo to a name that the server takes; your provider knows which
smtp-hint-helo-changed = no letter was refused for good. smtp.helo is "{ $name }": take the line out, or write a name that the server takes; your provider knows which
smtp-limit-at-greeting = { $host } takes no letters for now: it speaks of a limit
smtp-hint-limit-at-greeting = nothing was refused for good. Wait until the limit is over, a day at most with many providers, and run `appel send` again
smtp-hint-blocked = its words say why. Often it is the network you are on: try another one, or the server and port that your provider names for outgoing mail
