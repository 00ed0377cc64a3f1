# Files of rules/ that are installed or shipped.
