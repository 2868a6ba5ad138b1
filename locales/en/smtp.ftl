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
