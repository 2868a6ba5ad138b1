# Templates: what is wrong in one.

# Names in tags.
name-undefined = `{ $name }` is not defined
