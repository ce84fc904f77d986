"""Payment channels behind one port."""
