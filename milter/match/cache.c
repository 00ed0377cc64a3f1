#include "match/cache.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/vec.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_MAGIC "PosternProbing1"
/* What any version begins with. */
#define CACHE_MAGIC_ANY "PosternProbing"
#define CACHE_SUFFIX ".probe"
#define CACHE_DIGITS ((size_t)32)

struct cache {
	char *dir;
	VEC(struct cache_key) used;
};

struct header {
	char magic[16];
	struct cache_key key;
	uint64_t length;
	struct cache_key checksum;
};

void
cache_key_add(struct cache_key *key, struct str piece)
{
	uint64_t a = key->word[0] ^ 0xcbf29ce484222325;
	uint64_t b = key->word[1] ^ 0x9ae16a3b2f90404f;

	/* The length first: "ab" "c" is not "a" "bc". */
	a = (a ^ piece.len) * 0x100000001b3;
	b = (b ^ piece.len) * 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < piece.len; i++) {
		unsigned char c = (unsigned char)piece.p[i];

		a = (a ^ c) * 0x100000001b3;
		b = ((b << 5 | b >> 59) ^ c) * 0x9e3779b97f4a7c15;
	}
	key->word[0] = a ^ b >> 32;
	key->word[1] = b ^ a << 17;
}

struct cache *
cache_open(const char *dir)
{
	struct cache *c;

	if (!file_is_dir(dir))
		return NULL;
	c = mem_alloc(sizeof(*c));
	c->dir = mem_strdup(dir);
	return c;
}

void
cache_close(struct cache **cp)
{
	struct cache *c = *cp;

	if (c == NULL)
		return;
	VEC_FINI(&c->used);
	free(c->dir);
	free(c);
	*cp = NULL;
}

static char *
name_of(const struct cache_key *key)
{
	return mem_printf("%016llx%016llx" CACHE_SUFFIX,
	    (unsigned long long)key->word[0], (unsigned long long)key->word[1]);
}

static char *
path_of(const struct cache *c, const struct cache_key *key)
{
	char *name = name_of(key), *path = file_join(c->dir, name);

	free(name);
	return path;
}

/* It tells which patterns may run freely: nobody else may have written it. */
static bool
is_trusted(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == geteuid() || st.st_uid == 0) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && st.st_size > 0 &&
	       (uint64_t)st.st_size <= CACHE_FILE_MAX;
}

static bool
read_all(int fd, struct buf *out)
{
	while (out->len <= CACHE_FILE_MAX && buf_reserve(out, 65536)) {
		ssize_t n = read(fd, out->p + out->len, 65536);

		if (n <= 0)
			return n == 0;
		out->len += (size_t)n;
	}
	return false;
}

static bool
is_whole(struct str file, const struct cache_key *key)
{
	struct header h;
	struct cache_key sum = {{0}};

	if (file.len < sizeof(h))
		return false;
	memcpy(&h, file.p, sizeof(h));
	file = str_skip(file, sizeof(h));
	if (memcmp(h.magic, CACHE_MAGIC, sizeof(h.magic)) != 0 ||
	    memcmp(&h.key, key, sizeof(*key)) != 0 || h.length != file.len)
		return false;
	cache_key_add(&sum, file);
	return memcmp(&sum, &h.checksum, sizeof(sum)) == 0;
}

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

bool
cache_read(struct cache *c, const struct cache_key *key, struct buf *out)
{
	char *path = path_of(c, key);
	int fd = open(path, OPEN_FLAGS);
	struct buf file;
	bool good;

	free(path);
	if (fd < 0)
		return false;
	buf_init(&file);
	good = is_trusted(fd) && read_all(fd, &file) &&
	       is_whole(buf_str(&file), key);
	close(fd);
	if (good) {
		buf_add(out, str_skip(buf_str(&file), sizeof(struct header)));
		*VEC_PUSH(&c->used) = *key;
	}
	buf_fini(&file);
	return good;
}

void
cache_write(struct cache *c, const struct cache_key *key, struct str content)
{
	struct header h = {
	    .magic = CACHE_MAGIC, .key = *key, .length = content.len};
	char *path = path_of(c, key);
	struct buf file;

	cache_key_add(&h.checksum, content);
	buf_init(&file);
	buf_add(&file, str_make((const char *)&h, sizeof(h)));
	buf_add(&file, content);
	/* A cache that cannot be written is built again the next time. */
	(void)file_replace(path, buf_str(&file), 0600);
	*VEC_PUSH(&c->used) = *key;
	buf_fini(&file);
	free(path);
}

/* What file_replace() adds to the name of a file that is not yet whole. */
#define UNFINISHED ((size_t)7)

static bool
is_name_of_ours(struct str name)
{
	struct str rest = str_skip(name, CACHE_DIGITS);
	size_t suffix = sizeof(CACHE_SUFFIX) - 1;

	return str_span(name, "0123456789abcdef") == CACHE_DIGITS &&
	       str_starts(rest, STR(CACHE_SUFFIX)) &&
	       (rest.len == suffix ||
		   (rest.len == suffix + UNFINISHED && rest.p[suffix] == '.'));
}

static bool
is_used(const struct cache *c, struct str name)
{
	for (size_t i = 0; i < c->used.len; i++) {
		char *used = name_of(&c->used.v[i]);
		bool same = str_is(name, used);

		free(used);
		if (same)
			return true;
	}
	return false;
}

static bool
is_file_of_ours(int dir, const char *name)
{
	int fd = openat(dir, name, OPEN_FLAGS);
	char magic[sizeof(CACHE_MAGIC_ANY) - 1];
	bool ours;

	if (fd < 0)
		return false;
	ours = is_trusted(fd) &&
	       read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, CACHE_MAGIC_ANY, sizeof(magic)) == 0;
	close(fd);
	return ours;
}

size_t
cache_tidy(const struct cache *c)
{
	DIR *d = opendir(c->dir);
	const struct dirent *e;
	size_t removed = 0;

	if (d == NULL)
		return 0;
	for (size_t i = 0; i < CACHE_NAME_MAX && (e = readdir(d)) != NULL; i++)
		if (is_name_of_ours(str_from(e->d_name)) &&
		    !is_used(c, str_from(e->d_name)) &&
		    is_file_of_ours(dirfd(d), e->d_name))
			removed += unlinkat(dirfd(d), e->d_name, 0) == 0;
	closedir(d);
	return removed;
}
