#include "policy/config.h"

#include "own_dir.h"
#include "tap.h"

static const struct {
	const char *name;
	const char *text;
	const char *key;
	const char *want; /* formatted value */
	size_t errors;
} cases[] = {
    {"a string", "listen = inet:1@h\n", "listen", "inet:1@h", 0},
    {"no blanks needed", "listen=x", "listen", "x", 0},
    {"the value may hold =", "reply_url = https://h/?r=", "reply_url",
	"https://h/?r=", 0},
    {"a string may be empty", "reply_url =\n", "reply_url", "", 0},
    {"# in a value is a character", "reply_spam = No # 1", "reply_spam",
	"No # 1", 0},
    {"comments", "# one\n  # two\n\nlisten = a\n", "listen", "a", 0},
    {"CRLF", "listen = a\r\nuser = b\r\n", "listen", "a", 0},
    {"names fold case", "LISTEN = a", "listen", "a", 0},
    {"a list", "rules = a,b  c\t, d\n", "rules", "a, b, c, d", 0},
    {"a continued list", "rules = a\n# note\n  b\n\tc\nuser = u\n", "rules",
	"a, b, c", 0},
    {"networks", "trusted_networks = 10.0.0.1/8 2001:DB8::/32\n",
	"trusted_networks", "10.0.0.0/8, 2001:db8::/32", 0},
    {"an empty list", "trusted_networks =", "trusted_networks", "", 0},
    {"a bad network leaves all", "trusted_networks = 10.0.0.0/8 x",
	"trusted_networks", "127.0.0.0/8, ::1/128", 1},
    {"a number", "reject_score = 7.25", "reject_score", "7.25", 0},
    {"a negative number", "tag_score = -3", "tag_score", "-3", 0},
    {"no number", "reject_score = 7,5", "reject_score", "10", 1},
    {"a size", "max_body_bytes = 4M", "max_body_bytes", "4m", 0},
    {"a size in bytes", "max_body_bytes = 4097", "max_body_bytes", "4097", 0},
    {"a size with a blank", "max_body_bytes = 3 k", "max_body_bytes", "3k", 0},
    {"the largest size", "max_body_bytes = 8589934591g", "max_body_bytes",
	"8589934591g", 0},
    {"one more overflows", "max_body_bytes = 8589934592g", "max_body_bytes",
	"2m", 1},
    {"a size wants digits", "max_body_bytes = k", "max_body_bytes", "2m", 1},
    {"no fractions", "max_body_bytes = 1.5m", "max_body_bytes", "2m", 1},
    {"a duration", "redis_budget = 90s", "redis_budget", "90s", 0},
    {"the largest unit is shown", "redis_budget = 120m", "redis_budget", "2h",
	0},
    {"a duration wants a unit", "redis_budget = 5", "redis_budget", "20ms", 1},
    {"but not for nothing", "redis_budget = 0", "redis_budget", "0ms", 0},
    {"yes", "shadow = On", "shadow", "yes", 0},
    {"no", "shadow = false", "shadow", "no", 0},
    {"neither", "shadow = maybe", "shadow", "no", 1},
    {"a choice", "default_action = REJECT", "default_action", "reject", 0},
    {"no choice", "default_action = bounce", "default_action", "tempfail", 1},
    {"unknown settings", "rejct_score = 3\nreject_score = 4", "reject_score",
	"4", 1},
    {"a line without =", "shadow\nuser = u\n", "user", "u", 1},
    {"a section is no setting", "limits = 3", "user", "postern", 1},
    {"NUL in a string", "user = a\0b", "user", "postern", 1},
    {"the last one counts", "user = a\nuser = b", "user", "b", 0},
};

static void
parsing(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str text = str_from(cases[i].text);
		struct diags diags;
		struct config *c;
		struct buf value;

		if (strcmp(cases[i].name, "NUL in a string") == 0)
			text = STR("user = a\0b");
		diags_init(&diags, 0);
		buf_init(&value);
		c = config_parse("test.conf", text, &diags);
		config_format(c, cases[i].key, &value);
		is_str(buf_str(&value), str_from(cases[i].want), "%s: value",
		    cases[i].name);
		is_int(
		    diags.errors, cases[i].errors, "%s: errors", cases[i].name);
		buf_fini(&value);
		config_free(&c);
		diags_fini(&diags);
	}
}

static void
positions(void)
{
	struct diags diags;
	struct config *c;
	struct buf out;

	diags_init(&diags, 0);
	buf_init(&out);
	c = config_parse("p.conf",
	    STR("# c\nuser = a\n\nnope = 1\nrules = a\n b\nuser = c\n"),
	    &diags);
	diags_format(&diags, &out);
	is_str(buf_str(&out),
	    STR("p.conf:4: error: unknown setting \"nope\"\n"
		"p.conf:7: warning: user was set in line 2 already; this one "
		"counts\n"),
	    "every complaint names its line");
	is_int(config_where(c, "rules").line, 5, "a setting's line");
	ok(config_where(c, "listen").file == NULL, "none of a default");
	ok(config_set(
	       c, STR("listen"), STR("x"), (struct source_pos){0}, &diags),
	    "set from elsewhere");
	is_str(str_from(config_where(c, "listen").file), STR("command line"),
	    "and known to be");
	buf_fini(&out);
	config_free(&c);
	ok(c == NULL, "freed");
	diags_fini(&diags);
}

/* Every row: its default parses, is shown as it is read, and is documented. */
static void
table(void)
{
	size_t count, bad = 0, undocumented = 0;
	const struct config_row *row = config_rows(&count);
	struct config *c, *copy;
	struct diags diags;
	struct buf a, b;

	diags_init(&diags, 0);
	buf_init(&a);
	buf_init(&b);
	c = config_load(NULL, &diags);
	copy = config_copy(c);
	for (size_t i = 0; i < count; i++) {
		struct source_pos none = {0};

		undocumented += strlen(row[i].doc) < 5;
		if (row[i].type == CONFIG_TYPE_SECTION)
			continue;
		buf_clear(&a);
		buf_clear(&b);
		config_format(copy, row[i].name, &a);
		bad += !config_set(
		    c, str_from(row[i].name), buf_str(&a), none, &diags);
		config_format(c, row[i].name, &b);
		bad += !str_eq(buf_str(&a), buf_str(&b));
	}
	is_int(bad, 0, "what is shown can be read again");
	is_int(undocumented, 0, "every row has its manual");
	is_int(diags.errors, 0, "defaults are clean");
	buf_fini(&a);
	buf_fini(&b);
	config_free(&c);
	config_free(&copy);
	diags_fini(&diags);
}

static void
limits(void)
{
	struct diags diags;
	struct config *c;
	struct buf text;

	diags_init(&diags, 0);
	buf_init(&text);
	buf_add_cstr(&text, "rules =");
	for (size_t i = 0; i < CONFIG_LIST_MAX; i++)
		buf_add_cstr(&text, " a");
	c = config_parse("l", buf_str(&text), &diags);
	is_int(c->rules.len, CONFIG_LIST_MAX, "a list at its limit");
	is_int(diags.errors, 0, "is good");
	config_free(&c);
	buf_add_cstr(&text, " a");
	c = config_parse("l", buf_str(&text), &diags);
	is_int(diags.errors, 1, "limit + 1 is not");
	is_int(c->rules.len, CONFIG_LIST_MAX, "and keeps what fits");
	config_free(&c);
	buf_fini(&text);
	diags_fini(&diags);
}

static void
files(void)
{
	char dir[OWN_DIR_SIZE], *path;
	struct diags diags;
	struct config *c;
	FILE *f;

	diags_init(&diags, 0);
	own_dir_make(dir);
	path = mem_printf("%s/a.conf", dir);
	c = config_load(path, &diags);
	is_int(diags.errors, 1, "a missing file is an error");
	is_int(c->reject_score, 10, "and leaves the defaults");
	config_free(&c);
	f = fopen(path, "w");
	fputs("reject_score = 3", f);
	fclose(f);
	c = config_load(path, &diags);
	is_int(c->reject_score, 3, "a file without a last newline");
	is_str(str_from(c->path), str_from(path), "its path is kept");
	config_free(&c);
	f = fopen(path, "w");
	for (size_t i = 0; i < CONFIG_FILE_MAX; i++)
		fputc('#', f);
	fclose(f);
	c = config_load(path, &diags);
	is_int(diags.errors, 1, "a file at its limit");
	config_free(&c);
	f = fopen(path, "a");
	fputc('#', f);
	fclose(f);
	c = config_load(path, &diags);
	is_int(diags.errors, 2, "limit + 1 is refused");
	config_free(&c);
	own_dir_remove(dir);
	free(path);
	diags_fini(&diags);
}

int
main(void)
{
	parsing();
	positions();
	table();
	limits();
	files();
	return done_testing();
}
