"""The report at an address of this machine, made anew after each sync."""
