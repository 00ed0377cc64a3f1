/*
 * The prefilter cache: what was stored comes back, what was tampered with,
 * torn or put there by others does not.
 */
#include "base/file.h"
#include "base/mem.h"
#include "match/cache.h"
#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/postern-cache-XXXXXX";

static char *
only_file(void)
{
	char **names;
	size_t count;
	char *path = NULL;

	if (file_list(dir, ".prefilter", &names, &count) != 0)
		return NULL;
	if (count == 1)
		path = file_join(dir, names[0]);
	file_list_free(&names, count);
	return path;
}

static bool
comes_back(const struct cache_key *key, struct str want)
{
	struct buf got;
	bool good;

	buf_init(&got);
	good = cache_read(dir, key, &got) && str_eq(buf_str(&got), want);
	buf_fini(&got);
	return good;
}

/* Stores again, then replaces the file by `len` of its bytes, one flipped. */
static void
damage(const char *path, const struct cache_key *key, size_t len, size_t flip)
{
	struct buf b;

	cache_write(dir, key, STR("compiled state"));
	buf_init(&b);
	file_read(path, 100000, &b);
	if (flip < b.len)
		b.p[flip] ^= 1;
	file_replace(path, str_head(buf_str(&b), len), 0600);
	buf_fini(&b);
}

int
main(void)
{
	struct cache_key key = {{0}}, other = {{0}};
	struct str content = STR("compiled state");
	struct stat st;
	bool believed = false;
	char *path;

	if (mkdtemp(dir) == NULL)
		return 1;
	cache_key_add(&key, STR("ab"));
	cache_key_add(&key, STR("c"));
	cache_key_add(&other, STR("a"));
	cache_key_add(&other, STR("bc"));
	ok(memcmp(&key, &other, sizeof(key)) != 0, "pieces are told apart");
	ok(!comes_back(&key, content), "an empty cache has nothing");
	cache_write(dir, &key, content);
	ok(comes_back(&key, content), "what was stored comes back");
	ok(!comes_back(&other, content), "not under another key");
	path = only_file();
	if (!ok(path != NULL && stat(path, &st) == 0, "there is one file"))
		return done_testing();
	for (size_t i = 0; i < (size_t)st.st_size; i++) {
		damage(path, &key, (size_t)st.st_size, i);
		believed |= comes_back(&key, content);
		damage(path, &key, i, SIZE_MAX);
		believed |= comes_back(&key, content);
	}
	ok(!believed, "no flipped bit and no torn file is believed");
	cache_write(dir, &key, content);
	chmod(path, 0666);
	ok(!comes_back(&key, content), "nor one that others may write");
	chmod(path, 0600);
	ok(comes_back(&key, content), "repaired it is good again");
	cache_write("/nonexistent", &key, content);
	ok(true, "a cache that cannot be written is no error");
	unlink(path);
	rmdir(dir);
	free(path);
	return done_testing();
}
