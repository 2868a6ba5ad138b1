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
tls-hint-certificate-invalid = no password was sent. Check smtp.host; on a strange network, try another one. If the server has a certificate of its own authority, set smtp.ca-file
tls-no-agreement = cannot agree on TLS with { $host }
tls-hint-no-agreement = no password was sent. Check smtp.port and smtp.security: 465 is "tls", 587 is "starttls". Servers that know only TLS 1.0 or 1.1 are not used

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
#   $ways: names of the protocol: PLAIN, LOGIN
sign-in-ways-offered = it offers { $ways }
sign-in-hint-not-offered = no password was sent. Check smtp.port and smtp.auth; username = "" sends without signing in
sign-in-password-refused = { $host } did not accept { $user } and its password
sign-in-token-refused = { $host } did not accept the access token of { $user }
sign-in-no-other-token = { $host } did not accept the access token of { $user }, and there is no other
#   $reply: what the server said; $reason: what it said before, when asked why
sign-in-refused-because = { $reply } (the server's reason: { $reason })
# One thing after the other, put together from the left.
sign-in-then = { $before }; then: { $next }
sign-in-hint-password = check smtp.username and the password; many providers want an app password instead of the usual one. It was tried once only
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
