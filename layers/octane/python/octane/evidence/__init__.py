"""What stands in court: stamped heads of the books, packages of proofs, the compliance report (SE2, SE3)."""
