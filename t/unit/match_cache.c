/*
 * The cache: what was stored comes back, what was tampered with, torn or put
 * there by others does not.
 */
#include "match/cache.h"

#include "own_dir.h"
#include "tap.h"

#include <sys/stat.h>

static char dir[OWN_DIR_SIZE];
static struct cache *cache;

static char *
only_file(void)
{
	char **names;
	size_t count;
	char *path = NULL;

	if (file_list(dir, ".probe", &names, &count) != 0)
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
	good = cache_read(cache, key, &got) && str_eq(buf_str(&got), want);
	buf_fini(&got);
	return good;
}

/* Stores again, then replaces the file by `len` of its bytes, one flipped. */
static void
damage(const char *path, const struct cache_key *key, size_t len, size_t flip)
{
	struct buf b;

	cache_write(cache, key, STR("what was found"));
	buf_init(&b);
	file_read(path, 100000, &b);
	if (flip < b.len)
		b.p[flip] ^= 1;
	file_replace(path, str_head(buf_str(&b), len), 0600);
	buf_fini(&b);
}

static size_t
count_files(void)
{
	char **names;
	size_t count;

	if (file_list(dir, "", &names, &count) != 0)
		return 0;
	file_list_free(&names, count);
	return count;
}

/* A file of this name that holds `content`; in `dir`. */
static void
put(const char *name, const char *content, mode_t mode)
{
	char *path = file_join(dir, name);

	file_replace(path, str_from(content), mode);
	free(path);
}

static bool
is_there(const char *name)
{
	char *path = file_join(dir, name);
	struct stat st;
	bool there = lstat(path, &st) == 0;

	free(path);
	return there;
}

#define DIGITS "0123456789abcdef0123456789abcde"
#define OURS "PosternProbing0 of another version"

/* Names in the cache's directory, and whether tidying takes them away. */
static const struct {
	const char *name, *content, *why;
	mode_t mode;
	bool goes;
} strays[] = {
    {DIGITS "1.probe", OURS, "an older version", 0600, true},
    {DIGITS "2.probe.aB3xYz", OURS, "one never finished", 0600, true},
    {DIGITS "3.probe", "PosternProbin", "a beginning cut short", 0600, false},
    {DIGITS "4.probe", "#!/bin/sh of somebody", "another beginning", 0600,
	false},
    {DIGITS "5.probe", "", "an empty file", 0600, false},
    {DIGITS "6.probe", OURS, "one that others may write", 0622, false},
    {DIGITS ".probe", OURS, "a digit too few", 0600, false},
    {DIGITS "77.probe", OURS, "a digit too many", 0600, false},
    {DIGITS "A.probe", OURS, "no digit", 0600, false},
    {DIGITS "8.probes", OURS, "another suffix", 0600, false},
    {DIGITS "9.probe.old", OURS, "somebody's copy", 0600, false},
    {"notes.probe", OURS, "a word", 0600, false},
};

#define STRAYS (sizeof(strays) / sizeof(strays[0]))

static void
test_tidy(void)
{
	struct cache_key read = {{1}}, written = {{2}}, left = {{3}};
	struct str content = STR("what was found");
	char *from = file_join(dir, "elsewhere"),
	     *to = file_join(dir, DIGITS "b.probe");
	size_t gone = 1; /* `left` */

	cache_write(cache, &read, content);
	cache_write(cache, &left, content);
	is_int(cache_tidy(cache), 0, "what was just stored stays");
	cache_close(&cache);
	ok(cache == NULL, "a cache closes");
	cache = cache_open(dir);
	for (size_t i = 0; i < STRAYS; i++) {
		put(strays[i].name, strays[i].content, strays[i].mode);
		gone += strays[i].goes;
	}
	put("elsewhere", OURS, 0600);
	ok(symlink(from, to) == 0, "a symbolic link");
	ok(comes_back(&read, content), "one is read");
	cache_write(cache, &written, content);
	is_int(cache_tidy(cache), gone, "tidied");
	for (size_t i = 0; i < STRAYS; i++)
		is_int(is_there(strays[i].name), !strays[i].goes, "%s %s",
		    strays[i].why, strays[i].goes ? "goes" : "stays");
	ok(is_there("elsewhere") && is_there(DIGITS "b.probe"),
	    "links are not followed");
	ok(comes_back(&read, content), "what was read stays");
	ok(comes_back(&written, content), "what was written stays");
	ok(!comes_back(&left, content), "what was not used is gone");
	is_int(cache_tidy(cache), 0, "and nothing more");
	is_int(count_files(), STRAYS + 2 + 2 - (gone - 1), "all others stay");
	free(from);
	free(to);
}

int
main(void)
{
	struct cache_key key = {{0}}, other = {{0}};
	struct str content = STR("what was found");
	struct stat st;
	bool believed = false;
	char *path;

	own_dir_make(dir);
	ok(cache_open("/nonexistent") == NULL, "no directory, no cache");
	cache = cache_open(dir);
	cache_key_add(&key, STR("ab"));
	cache_key_add(&key, STR("c"));
	cache_key_add(&other, STR("a"));
	cache_key_add(&other, STR("bc"));
	ok(memcmp(&key, &other, sizeof(key)) != 0, "pieces are told apart");
	ok(!comes_back(&key, content), "an empty cache has nothing");
	cache_write(cache, &key, content);
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
	cache_write(cache, &key, content);
	chmod(path, 0666);
	ok(!comes_back(&key, content), "nor one that others may write");
	chmod(path, 0600);
	ok(comes_back(&key, content), "repaired it is good again");
	unlink(path);
	free(path);
	test_tidy();
	own_dir_remove(dir);
	cache_write(cache, &key, content);
	ok(!comes_back(&key, content),
	    "where nothing can be stored is no error");
	is_int(cache_tidy(cache), 0, "nor has it anything to tidy");
	cache_close(&cache);
	return done_testing();
}
