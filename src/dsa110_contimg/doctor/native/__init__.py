"""Native code from outside: what addresses and symbols mean, and which distribution a library belongs to."""
