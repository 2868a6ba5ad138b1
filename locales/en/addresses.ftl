# Addresses, countries and languages: what is wrong with one, and characters that look like others.

# What is wrong with an address: a clause behind it and a colon, such as "info: an address needs an @".
address-empty = the address is empty
#   $code: the number of a character, in hexadecimal digits
address-hidden = the address contains the hidden character U+{ $code }
#   $at: as which character of the address it stands there
#   $character: the character, and $plain what should stand there
address-typographic = its character { $at } is `{ $character }` (U+{ $code }), not the plain { $plain }
address-dash = its character { $at } is `{ $character }` (U+{ $code }), not the plain hyphen -
address-quotation-mark = its character { $at } is `{ $character }` (U+{ $code }), a quotation mark
address-quote = the address begins with ', which marks a text in a spreadsheet
address-name = only the bare address belongs here, without a name and without < >
address-several = there is more than one address here, or a space inside one
address-scheme = `mailto:` stands before the address
address-two-ats = two @ stand side by side
address-comma = its character { $at } is a comma where a dot belongs
address-dots = a dot stands where none can: beside another one, beside the @, or at an end
address-unfit = its character { $at } is `{ $character }`, which no address has there
address-no-at = an address needs an @
address-hyphen = an address that begins with - is not accepted
address-local = the part before the @ is not written as an address can be
address-local-long = the part before the @ is longer than 64 bytes
address-long = the address is longer than 254 bytes
address-domain-dot = the domain after the @ needs a dot, and cannot be an IP address
address-domain = the domain after the @ is not a valid domain name

# What to do about characters that nobody meant to write.
address-hidden-hint = delete the address and type it again by hand: copying from a web page brings hidden characters along
address-typographic-hint = type the address again by hand, with a plain hyphen - and a plain dot: copying from a text or a PDF brings others along
address-quote-hint = delete the ' before the address
address-scheme-hint = delete `mailto:`
address-two-ats-hint = delete one @
address-comma-hint = write a dot instead of the comma; two addresses do not stand in one place
address-dots-hint = delete the dot, or write what is missing beside it
address-unfit-hint = delete `{ $character }`, or write what belongs there

# Why an address may not be the one that it seems to be: a clause behind it and a colon.
#   $one, $other, $script: scripts by the name that Unicode has for them, such as Latin or Cyrillic
address-scripts-mixed = { $one } and { $other } letters stand side by side; some look the same
address-looks-latin = its { $script } letters look like Latin ones
#   $letter, $other: one character each; $code: the number of the first, in hexadecimal digits
address-letter-looks-like = its `{ $letter }` (U+{ $code }) looks like `{ $other }`
