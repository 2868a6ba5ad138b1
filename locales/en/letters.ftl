# Letters: planning, filling and writing them, floods, links, attachments.
