# Mail servers: connecting, signing in, proxies, TLS.
