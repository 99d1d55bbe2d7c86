"""Reading pickles of strangers: nothing in them is imported or called, and their size bounds what reading costs."""
