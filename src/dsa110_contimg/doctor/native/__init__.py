"""Native code from outside: what addresses, library files and their symbols mean, and which distribution brought them."""
