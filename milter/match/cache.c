#include "match/cache.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_MAGIC "PosternPrefilt1"

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

static char *
path_of(const char *dir, const struct cache_key *key)
{
	char *name = mem_printf("%016llx%016llx.prefilter",
	    (unsigned long long)key->word[0], (unsigned long long)key->word[1]);
	char *path = file_join(dir, name);

	free(name);
	return path;
}

/* Its bytes become a program: nobody else may have written them. */
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

bool
cache_read(const char *dir, const struct cache_key *key, struct buf *out)
{
	char *path = path_of(dir, key);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct buf file;
	bool good;

	free(path);
	if (fd < 0)
		return false;
	buf_init(&file);
	good = is_trusted(fd) && read_all(fd, &file) &&
	       is_whole(buf_str(&file), key);
	close(fd);
	if (good)
		buf_add(out, str_skip(buf_str(&file), sizeof(struct header)));
	buf_fini(&file);
	return good;
}

void
cache_write(const char *dir, const struct cache_key *key, struct str content)
{
	struct header h = {
	    .magic = CACHE_MAGIC, .key = *key, .length = content.len};
	char *path = path_of(dir, key);
	struct buf file;

	cache_key_add(&h.checksum, content);
	buf_init(&file);
	buf_add(&file, str_make((const char *)&h, sizeof(h)));
	buf_add(&file, content);
	/* A cache that cannot be written is built again the next time. */
	(void)file_replace(path, buf_str(&file), 0600);
	buf_fini(&file);
	free(path);
}
