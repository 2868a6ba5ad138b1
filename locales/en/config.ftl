# The configuration of a campaign: what is wrong in it.
