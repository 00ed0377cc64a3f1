#include "base/diag.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"

#include "own_dir.h"
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static bool
holds(const char *path, const char *want)
{
	struct buf b;
	bool good;

	buf_init(&b);
	good = file_read(path, 100, &b) == 0 && str_is(buf_str(&b), want);
	buf_fini(&b);
	return good;
}

/* `path` holds "12345" before and after. */
static void
test_draft(const char *path)
{
	struct rlimit former, small;
	struct file_draft d;

	file_draft_open(&d, path, 0600);
	file_draft_add(&d, STR("12"));
	file_draft_add(&d, STR("3456"));
	ok(holds(path, "12345"), "a draft is not the file yet");
	is_int(d.bytes, 6, "its size is known");
	is_int(file_draft_commit(&d), 0, "committed");
	ok(holds(path, "123456"), "it is");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &former);
	small = former;
	small.rlim_cur = 4;
	setrlimit(RLIMIT_FSIZE, &small);
	file_draft_open(&d, path, 0600);
	file_draft_add(&d, STR("1234"));
	file_draft_add(&d, STR("5"));
	errno = 0;
	is_int(file_draft_commit(&d), ERR_IO, "no room for a piece");
	is_int(errno, EFBIG, "why");
	setrlimit(RLIMIT_FSIZE, &former);
	ok(holds(path, "123456"), "the old file stands");
	is_int(file_replace(path, STR("12345"), 0600), 0, "room again");
}

static void
files(void)
{
	char dir[OWN_DIR_SIZE], *path, **names;
	struct buf b;
	size_t count;

	own_dir_make(dir);
	path = file_join(dir, "b.CF");
	buf_init(&b);
	is_int(file_replace(path, STR("12345"), 0600), 0, "written");
	is_int(file_read(path, 5, &b), 0, "at the limit");
	is_str(buf_str(&b), STR("12345"), "content");
	buf_clear(&b);
	is_int(file_read(path, 4, &b), ERR_LIMIT, "limit + 1");
	is_int(file_read("/nonexistent/x", 10, &b), ERR_IO, "not there");
	is_int(file_replace("/nonexistent/x", STR("x"), 0600), ERR_IO,
	    "cannot be written");
	test_draft(path);
	is_int(file_list(dir, ".cf", &names, &count), 0, "listed");
	is_int(count, 1, "suffix without case; no temporary file left");
	file_list_free(&names, count);
	own_dir_remove(dir);
	free(path);
	buf_fini(&b);
}

static void
json(void)
{
	struct json *j = json_new_object(), *p;
	struct buf b;
	char *error = NULL;

	buf_init(&b);
	json_set_str(j, "z", STR("\xc3\xa9"));
	json_set_str(j, "a", STR("\xe9\x01"));
	json_set_double(j, "n", 0.1 + 0.2);
	json_format(j, 0, &b);
	is_str(buf_str(&b),
	    STR("{\"z\":\"\xc3\xa9\",\"a\":\"\xc3\xa9\\u0001\",\"n\":0.3}"),
	    "order kept, bytes kept, always valid");
	json_unref(&j);
	p = json_parse(buf_str(&b), NULL);
	ok(p != NULL && json_get_double(p, "n", 0) == 0.3, "read back");
	ok(json_get_int(p, "n", -7) == -7, "another type: the default");
	json_unref(&p);
	ok(json_parse(STR("{\"a\":1,}"), &error) == NULL && error != NULL,
	    "bad input says where");
	free(error);
	buf_fini(&b);
}

static void
diagnostics(void)
{
	struct diags d;
	struct buf b;
	struct source_pos pos = {"a.cf", 3, 7};

	diags_init(&d, 2);
	buf_init(&b);
	diag_add_excerpt(
	    &d, SEVERITY_ERROR, pos, STR("body X /(/"), 8, "missing %c", ')');
	diag_add(&d, SEVERITY_WARNING, (struct source_pos){"b", 0, 0}, "odd");
	diag_add(&d, SEVERITY_ERROR, pos, "one too many");
	diags_format(&d, &b);
	is_str(buf_str(&b),
	    STR("a.cf:3:7: error: missing )\n    body X /(/\n            ^\n"
		"b: warning: odd\n(1 more not shown)\n"),
	    "as a person reads it");
	is_int(d.errors, 2, "all are counted");
	buf_clear(&b);
	log_field(&b, "a", STR("x y"));
	log_field(&b, "b", STR("q\"\n"));
	log_field(&b, "c", STR(""));
	is_str(buf_str(&b), STR("a=\"x y\" b=\"q\\x22\\x0a\" c=\"\""),
	    "log fields cannot be forged");
	diags_fini(&d);
	buf_fini(&b);
}

int
main(void)
{
	files();
	json();
	diagnostics();
	return done_testing();
}
