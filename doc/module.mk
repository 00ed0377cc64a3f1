# Files of doc/ that are installed or shipped.
