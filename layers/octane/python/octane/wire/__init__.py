"""HTTP out, signing and encryption: the only room that opens sockets."""
