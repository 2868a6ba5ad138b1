# The built-in mail server of `appel rehearse`.

# The server cannot be started: what failed; the system's words follow.
rehearsal-cannot-start = cannot start the built-in mail server
rehearsal-cannot-listen = cannot listen on 127.0.0.1
rehearsal-no-certificate = cannot make a throw-away certificate

# `appel rehearse --keep DIR`: the folder cannot be used, and why.
rehearsal-keeps-nothing = cannot keep letters in { $path }
rehearsal-folder-not-empty = { $path } is not empty
