/*
 * The messages a command is given: files, directories and standard input.
 */
#ifndef POSTERN_CLI_MAIL_FILES_H
#define POSTERN_CLI_MAIL_FILES_H

#include "base/buf.h"
#include "base/vec.h"
#include "cli/options.h"

struct mail_files {
	VEC(char *) v;
};

/*
 * Adds each operand; of a directory all files below it, sorted at each level,
 * without those whose names begin with a dot. False: something could not be
 * read (complained).
 */
bool mail_files_add(const char *command, struct mail_files *f,
    const struct option_list *operands);
void mail_files_fini(struct mail_files *f);

/* Appends the bytes of one; NULL, or what is wrong as a line for the heap's
 * owner. */
char *mail_file_read(const char *name, struct buf *out);

#endif
