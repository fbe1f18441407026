"""What is killed: each kind of operation, with what has to be there before it and what is asked for."""
