# Lists of recipients: what is wrong in one.
