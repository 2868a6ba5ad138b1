# Templates: what is wrong in one.
