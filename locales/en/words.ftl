# Small words that others are made of: lists, counts, times, sizes.

# Somebody else's words, as they are.
#   $words: what a server, the system or a library said
quote = { $words }

# A list of two or more things. It is put together from the left: "a, b" is before when "c" is next.
list-next = { $before }, { $next }
# The end of a long list.
list-more = { $items } and { $more } more

# Problems that are only counted: "1,500 × addresses that are not e-mail addresses".
problems-in-all = { $count } problems of { $kinds ->
        [one] 1 kind
       *[other] { $kinds } kinds
    }:
problems-line = { $severity }: { $kind }
problems-left = and { $count } more
    .hint = `appel check --csv problems.csv` writes all of them into a table for a spreadsheet
problems-of-kind = { $count } × { $kind }
problems-other-kinds = of other kinds

# What an entry on the screen begins with, and where it is.
screen-error = error
screen-warning = warning
screen-note = note
screen-help = help
screen-caused-by = caused by
screen-in-place = in { $place }

# How long something takes, or is away.
pace-a-second = { $letters ->
    [one] 1 letter a second
   *[other] { $letters } letters a second
}
pace-seconds = { $seconds ->
    [one] one letter a second
   *[other] one letter in { $seconds } seconds
}
duration-seconds = { $seconds ->
    [one] 1 second
   *[other] { $seconds } seconds
}
duration-minutes = { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}
duration-hours = { $hours ->
    [one] about 1 hour
   *[other] about { $hours } hours
}
#   $at: a time of day, in UTC
#   $wait: how long until then: "25 minutes"
moment-until = { $at } (in { $wait })
# In "about 3 hours at this pace".
duration-in-hours = { $hours ->
    [one] 1 hour
   *[other] { $hours } hours
}

# One below the other.
two-lines =
    { $first }
    { $next }
