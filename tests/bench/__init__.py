"""What each operation costs: AWS calls and capacity units (exact), cold and warm CPU (measured)."""
