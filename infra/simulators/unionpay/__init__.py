"""UnionPay ACP 5.1.0: the gateway and the file host, as one company."""
