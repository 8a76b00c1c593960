"""Provider clients behind one port, and the table that finds them."""
