# Addresses, countries and languages: what is wrong with one, and characters that look like others.
