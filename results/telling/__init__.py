"""How a notice is put into words, signed, and posted."""
