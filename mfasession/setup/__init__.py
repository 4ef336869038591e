"""The first day and the odd day: keys and settings of other tools are imported, and what is wrong is found."""
