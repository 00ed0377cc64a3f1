/*
 * Whole files, read and replaced safely. May block; control plane only.
 */
#ifndef POSTERN_BASE_FILE_H
#define POSTERN_BASE_FILE_H

#include "base/buf.h"

/*
 * Reads all of `path` ("-" = standard input) into `out` (heap, appended).
 * 0, ERR_IO (errno), or ERR_LIMIT when it holds more than `max` bytes.
 */
int file_read(const char *path, size_t max, struct buf *out);

/*
 * Replaces `path` as a whole: temporary file beside it, fsync, rename, fsync of
 * the directory. On failure the old file stands and errno tells why.
 */
int file_replace(const char *path, struct str content, unsigned mode);

/*
 * The same in pieces, for what is too large to hold. A failure is told by the
 * commit, which ends the draft in any case.
 */
struct file_draft {
	char *path;
	char *temp;
	int fd;
	int error; /* errno of the first failure */
	size_t bytes;
};

void file_draft_open(struct file_draft *d, const char *path, unsigned mode);
void file_draft_add(struct file_draft *d, struct str content);
int file_draft_commit(struct file_draft *d);

bool file_is_dir(const char *path);
bool file_exists(const char *path);

/*
 * Names in `dir` (not "." files) that end in `suffix` (ASCII case ignored, ""
 * = all), sorted bytewise; full paths when `dir` is joined by the caller. Free
 * each and the array, or call file_list_free(). ERR_IO: cannot be read.
 */
int file_list(
    const char *dir, const char *suffix, char ***names_out, size_t *count_out);
void file_list_free(char ***names, size_t count);

/* "dir/name"; heap. */
char *file_join(const char *dir, const char *name);

#endif
