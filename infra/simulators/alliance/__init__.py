"""The anti-fraud alliance: members report subjects by digest, and ask about them."""
