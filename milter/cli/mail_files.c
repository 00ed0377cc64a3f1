#include "cli/mail_files.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_FILE_MAX ((size_t)256 * 1024 * 1024)
#define DIRECTORY_DEPTH_MAX 32

void
mail_files_fini(struct mail_files *f)
{
	for (size_t i = 0; i < f->v.len; i++)
		free(f->v.v[i]);
	VEC_FINI(&f->v);
}

static bool
add_directory(
    const char *command, struct mail_files *f, const char *dir, int depth)
{
	char **entry;
	size_t count;
	bool good = true;

	if (depth == DIRECTORY_DEPTH_MAX) {
		cli_complain(command, "%s: too many levels", dir);
		return false;
	}
	if (file_list(dir, "", &entry, &count) != 0) {
		cli_complain(command, "%s: %s", dir, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		char *path = file_join(dir, entry[i]);

		if (file_is_dir(path)) {
			good =
			    add_directory(command, f, path, depth + 1) && good;
			free(path);
		} else {
			*VEC_PUSH(&f->v) = path;
		}
	}
	file_list_free(&entry, count);
	return good;
}

bool
mail_files_add(const char *command, struct mail_files *f,
    const struct option_list *operands)
{
	bool good = true;

	for (size_t i = 0; i < operands->len; i++) {
		const char *name = operands->v[i];

		if (strcmp(name, "-") != 0 && file_is_dir(name))
			good = add_directory(command, f, name, 0) && good;
		else
			*VEC_PUSH(&f->v) = mem_strdup(name);
	}
	return good;
}

char *
mail_file_read(const char *name, struct buf *out)
{
	int rc = file_read(name, MESSAGE_FILE_MAX, out);

	if (rc == 0)
		return NULL;
	return mem_printf(
	    "%s: %s", name, rc == ERR_IO ? strerror(errno) : err_text(rc));
}
