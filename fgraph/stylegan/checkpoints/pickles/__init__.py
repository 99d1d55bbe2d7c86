"""Reading untrusted pickles: no code in them is imported or called, and their size bounds the cost. See README.md."""
