#include "base/file.h"

#include "base/err.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 * 1024)

static int
read_fd(int fd, size_t max, struct buf *out)
{
	size_t total = 0;

	for (;;) {
		ssize_t n;

		if (!buf_reserve(out, READ_STEP))
			return ERR_LIMIT;
		n = read(fd, out->p + out->len, READ_STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			return 0;
		if ((size_t)n > max - total)
			return ERR_LIMIT;
		total += (size_t)n;
		out->len += (size_t)n;
	}
}

int
file_read(const char *path, size_t max, struct buf *out)
{
	int fd, rc, saved;

	if (strcmp(path, "-") == 0)
		return read_fd(STDIN_FILENO, max, out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	rc = read_fd(fd, max, out);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

static int
write_all(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		s = str_skip(s, (size_t)n);
	}
	return 0;
}

static void
sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_strndup(path, (size_t)(slash - path) + 1)
			  : mem_strdup(".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(dir);
}

void
file_draft_open(struct file_draft *d, const char *path, unsigned mode)
{
	*d = (struct file_draft){
	    .path = mem_strdup(path), .temp = mem_printf("%s.XXXXXX", path)};
	d->fd = mkostemp(d->temp, O_CLOEXEC);
	if (d->fd < 0 || fchmod(d->fd, (mode_t)mode) != 0)
		d->error = errno;
}

void
file_draft_add(struct file_draft *d, struct str content)
{
	if (d->error == 0 && write_all(d->fd, content) != 0)
		d->error = errno;
	d->bytes += content.len;
}

int
file_draft_commit(struct file_draft *d)
{
	int error = d->error;

	if (error == 0 && (fsync(d->fd) != 0 || rename(d->temp, d->path) != 0))
		error = errno;
	if (error == 0)
		sync_directory_of(d->path);
	else if (d->fd >= 0)
		unlink(d->temp);
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	free(d->temp);
	errno = error;
	return error == 0 ? 0 : ERR_IO;
}

int
file_replace(const char *path, struct str content, unsigned mode)
{
	struct file_draft d;

	file_draft_open(&d, path, mode);
	file_draft_add(&d, content);
	return file_draft_commit(&d);
}

bool
file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
file_list(
    const char *dir, const char *suffix, char ***names_out, size_t *count_out)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	VEC(char *) names = {0};

	if (d == NULL)
		return ERR_IO;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' &&
		    str_ends_nocase(str_from(e->d_name), str_from(suffix)))
			*VEC_PUSH(&names) = mem_strdup(e->d_name);
	closedir(d);
	if (names.len > 1)
		qsort(names.v, names.len, sizeof(*names.v), by_name);
	*names_out = names.v;
	*count_out = names.len;
	return 0;
}

void
file_list_free(char ***names, size_t count)
{
	for (size_t i = 0; *names != NULL && i < count; i++)
		free((*names)[i]);
	free(*names);
	*names = NULL;
}

char *
file_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return mem_printf(
	    "%s%s%s", dir, n > 0 && dir[n - 1] == '/' ? "" : "/", name);
}
