"""Labels: what a picture's own file says of how it came to be, written without touching a pixel."""
