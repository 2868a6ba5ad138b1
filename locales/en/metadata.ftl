# What files tell of whoever made them, and `appel clean`.

# What a file tells.
#   $value: as the file has it
told-author = author { $value }
told-changed-by = last saved by { $value }
told-commenter = comment or change by { $value }
told-company = company { $value }
told-owner = owner { $value }
told-place = place { $value }
told-taken = taken { $value }
told-camera = camera { $value }
told-serial = serial number { $value }
told-device = computer or printer { $value }
told-path = path { $value }
told-remark = hidden remark { $value }
told-rights = rights { $value }
told-program = made with { $value }
told-date = date { $value }
told-title = title { $value }
told-other = data ({ $value })

# Why a file cannot be read, or cleaned.
closed-encrypted = it is encrypted
closed-signed = it is signed: a signature names its signer, and would not hold for a copy
closed-files = other files are in it
closed-private = the program that made it keeps data of its own in it
closed-damaged = it is damaged, or in a form that is not read
closed-too-large = it unpacks to more than is read
closed-unreadable = files of this kind are not read

# Kinds of files.
format-pdf = a PDF
format-office = a document of Word, Excel or PowerPoint
format-open-document = an OpenDocument
format-old-office = a document of an old Word, Excel or PowerPoint, or an encrypted one
format-rich-text = rich text (RTF)
format-jpeg = a JPEG picture
format-png = a PNG picture
format-webp = a WebP picture
format-tiff = a TIFF picture
format-heif = a HEIC or AVIF picture
format-gif = a GIF picture
format-drawing = an SVG drawing
format-film = a film
format-sound = a recording
format-archive = an archive
format-text = a plain text
format-unknown = of no kind that is known

# Of the files that go with letters, in `check`.
#   $name: the file
attachment-empty = `{ $name }` is empty
    .hint = save it once more, or leave it out
attachment-program = `{ $name }` is a program: most mail servers refuse the letter, and nobody should open it
    .hint = leave it out, or send what it shows as a PDF
#   $ending: ".pdf.exe"
attachment-two-endings = `{ $name }` ends in { $ending }: it is a program that looks like a document
    .hint = leave it out, and ask whoever gave it to you
attachment-macros = `{ $name }` carries macros, small programs: many mail servers refuse the letter
    .hint = save it without macros, or as a PDF
#   $inside: a name in an archive
attachment-program-inside = `{ $name }` has a program in it, `{ $inside }`: many mail servers refuse the letter
    .hint = leave the program out
#   $ending: ".pdf"
#   $kind: "a PNG picture"
attachment-other-kind = `{ $name }` ends in { $ending } and is { $kind }: readers may not be able to open it
    .hint = give it the right ending, or export it again
#   $letter: which letter, $encoded, $size: "10.2 MB"
attachments-heavy = the attachments of the letter `{ $letter }` come to { $encoded } as they leave ({ $size } as files): from 10 MB on many mail servers refuse a letter
    .hint = make the files smaller, or put them on a web page and link to it
#   $told: a list of what a file tells
attachment-tells = `{ $name }` tells whoever gets it: { $told }
    .hint = `appel clean { $command }` writes a copy without it; attach that
attachment-made = `{ $name }` tells how it was made: { $told }
    .hint = `appel clean { $command }` writes a copy without it
#   $why: a list of reasons
attachment-closed = what `{ $name }` tells of whoever made it could not be read whole: { $why }
    .hint = export it as a PDF or as a picture, and check again

# `appel clean`.
#   $file: the file; $copy: the copy
clean-written = { $file } → { $copy }
clean-taken = taken out: { $told }
clean-nothing = { $file }: there is nothing to take out, and no copy was written
clean-unknown = { $file } is { $kind }: it cannot be cleaned
    .hint = export it as a PDF or as a picture, and clean that
clean-closed = { $file } cannot be cleaned fully: { $why }
    .hint = export it once more as a PDF or as a picture, and clean that
clean-left = { $file } cannot be cleaned fully, this would still be in it: { $told }
    .hint = export it once more as a PDF or as a picture, and clean that
clean-exists = there is a { $copy } already, and nothing is overwritten
    .hint = move it away, or use it
clean-unread = cannot read { $file }: { $why }
clean-unwritten = cannot write { $copy }: { $why }
size-mb = { $size } MB
