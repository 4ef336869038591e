"""The first day and the odd day: a first set-up, keys of other tools imported, and what is wrong found."""
