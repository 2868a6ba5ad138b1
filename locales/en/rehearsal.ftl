# The built-in mail server of `appel rehearse`.
