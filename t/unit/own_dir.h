/*
 * A directory of a test's own, in /tmp, for as long as it needs one.
 *
 *	static char dir[OWN_DIR_SIZE];
 *
 *	own_dir_make(dir);
 *	own_dir_put(dir, "a.cf", "body A /x/\n");
 *	own_dir_remove(dir);
 */
#ifndef POSTERN_T_OWN_DIR_H
#define POSTERN_T_OWN_DIR_H

#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OWN_DIR_SIZE 32

static inline void
own_dir_make(char dir[static OWN_DIR_SIZE])
{
	snprintf(dir, OWN_DIR_SIZE, "/tmp/postern-test.XXXXXX");
	if (mkdtemp(dir) == NULL) {
		perror("# mkdtemp");
		exit(2);
	}
}

/* A file of `text` in it, instead of one of that name. */
static inline void
own_dir_put(const char *dir, const char *name, const char *text)
{
	char *path = file_join(dir, name);

	if (file_replace(path, str_from(text), 0600) != 0) {
		printf("# cannot write %s\n", path);
		exit(2);
	}
	free(path);
}

static inline void
own_dir_drop(const char *dir, const char *name)
{
	char *path = file_join(dir, name);

	unlink(path);
	free(path);
}

/* With all that is in it. */
static inline void
own_dir_remove(const char *dir)
{
	char **name;
	size_t count;

	if (file_list(dir, "", &name, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		char *path = file_join(dir, name[i]);

		if (file_is_dir(path))
			own_dir_remove(path);
		else
			unlink(path);
		free(path);
	}
	file_list_free(&name, count);
	rmdir(dir);
}

#endif
