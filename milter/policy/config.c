#include "policy/config.h"

#include "base/err.h"
#include "base/file.h"
#include "base/vec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const struct config_row rows[] = {
#define CONFIG_SECTION(name, title) \
	{#name, CONFIG_TYPE_SECTION, 0, "", NULL, title},
#define ROW(name, type, def, choices, doc) \
	{#name, type, offsetof(struct config, name), def, choices, doc},
#define CONFIG_STRING(name, def, doc) \
	ROW(name, CONFIG_TYPE_STRING, def, NULL, doc)
#define CONFIG_LIST(name, def, doc) ROW(name, CONFIG_TYPE_LIST, def, NULL, doc)
#define CONFIG_NETWORKS(name, def, doc) \
	ROW(name, CONFIG_TYPE_NETWORKS, def, NULL, doc)
#define CONFIG_NUMBER(name, def, doc) \
	ROW(name, CONFIG_TYPE_NUMBER, def, NULL, doc)
#define CONFIG_SIZE(name, def, doc) ROW(name, CONFIG_TYPE_SIZE, def, NULL, doc)
#define CONFIG_DURATION(name, def, doc) \
	ROW(name, CONFIG_TYPE_DURATION, def, NULL, doc)
#define CONFIG_BOOL(name, def, doc) ROW(name, CONFIG_TYPE_BOOL, def, NULL, doc)
#define CONFIG_CHOICE(name, def, choices, doc) \
	ROW(name, CONFIG_TYPE_CHOICE, def, choices, doc)
#include "policy/config.def"
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
    {"g", (uint64_t)1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1}};
static const struct unit time_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

static void *
member(const struct config *c, const struct config_row *row)
{
	return (char *)(uintptr_t)c + row->offset;
}

static const struct config_row *
find_row(struct str name)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].type != CONFIG_TYPE_SECTION &&
		    str_is_nocase(name, rows[i].name))
			return &rows[i];
	return NULL;
}

/* ---- values ------------------------------------------------------------- */

/* Next item of a list: up to a comma or blanks. */
static struct str
next_item(struct str *rest)
{
	size_t skip = str_span(*rest, ", \t\r\n"), len;
	struct str item;

	*rest = str_skip(*rest, skip);
	len = str_cspan(*rest, ", \t\r\n");
	item = str_head(*rest, len);
	*rest = str_skip(*rest, len);
	return item;
}

static bool
parse_units(struct str s, const struct unit *units, size_t count, uint64_t *out)
{
	size_t digits = str_span(s, "0123456789");
	struct str suffix = str_trim(str_skip(s, digits));
	uint64_t v;

	if (!str_to_u64(str_head(s, digits), &v))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!str_is_nocase(suffix, units[i].name))
			continue;
		if (v > INT64_MAX / units[i].factor)
			return false;
		*out = v * units[i].factor;
		return true;
	}
	return v == 0 && suffix.len == 0 ? (*out = 0, true) : false;
}

static bool
parse_bool(struct str s, bool *out)
{
	static const char *const yes[] = {"yes", "on", "true", "1"};
	static const char *const no[] = {"no", "off", "false", "0"};

	for (size_t i = 0; i < 4; i++) {
		if (str_is_nocase(s, yes[i]))
			return *out = true, true;
		if (str_is_nocase(s, no[i]))
			return *out = false, true;
	}
	return false;
}

static bool
parse_choice(struct str s, const char *choices, int *out)
{
	struct str rest = str_from(choices), word;

	for (int i = 0; (word = str_word(&rest)).len > 0; i++)
		if (str_eq_nocase(s, word))
			return *out = i, true;
	return false;
}

static void
free_list(struct string_list *l)
{
	for (size_t i = 0; i < l->len; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct string_list){0};
}

static const char *
set_list(struct string_list *out, struct str s)
{
	VEC(char *) v = {0};
	struct str item;

	while ((item = next_item(&s)).len > 0 && v.len < CONFIG_LIST_MAX)
		*VEC_PUSH(&v) = mem_strndup(item.p, item.len);
	free_list(out);
	*out = (struct string_list){v.v, v.len};
	return item.len > 0 ? "has too many entries" : NULL;
}

static const char *
set_networks(struct cidr_list *out, struct str s)
{
	VEC(struct cidr) v = {0};
	struct str item;
	struct cidr net;

	while ((item = next_item(&s)).len > 0) {
		if (v.len == CONFIG_LIST_MAX || !cidr_parse(item, &net)) {
			VEC_FINI(&v);
			return "wants networks: address or address/bits";
		}
		*VEC_PUSH(&v) = net;
	}
	free(out->v);
	*out = (struct cidr_list){v.v, v.len};
	return NULL;
}

static const char *
set_string(char **out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\0')
			return "holds a NUL byte";
	free(*out);
	*out = mem_strndup(s.p ? s.p : "", s.len);
	return NULL;
}

/* NULL, or what is wrong with the value. */
static const char *
set_value(struct config *c, const struct config_row *row, struct str s)
{
	void *at = member(c, row);

	switch (row->type) {
	case CONFIG_TYPE_STRING:
		return set_string(at, s);
	case CONFIG_TYPE_LIST:
		return set_list(at, s);
	case CONFIG_TYPE_NETWORKS:
		return set_networks(at, s);
	case CONFIG_TYPE_NUMBER:
		return str_to_double(s, at) ? NULL : "wants a number";
	case CONFIG_TYPE_SIZE:
		return parse_units(s, size_units, 4, at)
			   ? NULL
			   : "wants a size: a whole number, with k, m or g";
	case CONFIG_TYPE_DURATION:
		return parse_units(s, time_units, 5, at)
			   ? NULL
			   : "wants a duration: a whole number with ms, s, m, "
			     "h or d";
	case CONFIG_TYPE_BOOL:
		return parse_bool(s, at) ? NULL : "wants yes or no";
	case CONFIG_TYPE_CHOICE:
		return parse_choice(s, row->choices, at) ? NULL
							 : "wants one of";
	case CONFIG_TYPE_SECTION:
		break;
	}
	return "is no setting";
}

bool
config_set(struct config *c, struct str key, struct str value,
    struct source_pos pos, struct diags *diags)
{
	const struct config_row *row = find_row(key);
	const char *wrong;

	if (row == NULL) {
		diag_add(diags, SEVERITY_ERROR, pos, "unknown setting \"%.*s\"",
		    STR_ARG(str_head(key, 80)));
		return false;
	}
	wrong = set_value(c, row, value);
	if (wrong != NULL) {
		diag_add(diags, SEVERITY_ERROR, pos, "%s %s%s%s, not \"%.*s\"",
		    row->name, wrong, row->choices ? ": " : "",
		    row->choices ? row->choices : "",
		    STR_ARG(str_head(value, 80)));
		return false;
	}
	c->set_at[row - rows] = pos.line ? pos.line : CONFIG_SET_ELSEWHERE;
	return true;
}

/* ---- the file ----------------------------------------------------------- */

static struct config *
config_new(void)
{
	struct config *c = mem_alloc(sizeof(*c));

	c->set_at = mem_array(ROW_COUNT, sizeof(*c->set_at));
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].type == CONFIG_TYPE_SECTION)
			continue;
		invariant(
		    set_value(c, &rows[i], str_from(rows[i].def)) == NULL);
	}
	return c;
}

/* One logical line; `seen` tells where a setting stood before. */
static void
take_line(struct config *c, struct str line, struct source_pos pos,
    struct diags *diags)
{
	struct str value = line, key = str_trim(str_cut(&value, '='));
	const struct config_row *row;

	if (value.p == NULL) {
		diag_add(diags, SEVERITY_ERROR, pos,
		    "expected `setting = value`, found \"%.*s\"",
		    STR_ARG(str_head(str_trim(line), 80)));
		return;
	}
	row = find_row(key);
	if (row != NULL && c->set_at[row - rows] != 0)
		diag_add(diags, SEVERITY_WARNING, pos,
		    "%s was set in line %u already; this one counts", row->name,
		    c->set_at[row - rows]);
	config_set(c, key, str_trim(value), pos, diags);
}

static bool
is_comment(struct str line)
{
	line = str_trim(line);
	return line.len == 0 || line.p[0] == '#';
}

/* Joins continuation lines with one blank; comments between them are skipped.
 */
static void
parse(struct config *c, const char *name, struct str text, struct diags *diags)
{
	struct source_pos pos = {.file = name};
	struct buf logical;
	uint32_t number = 0;

	buf_init(&logical);
	while (text.p != NULL) {
		struct str line = str_cut(&text, '\n');

		number++;
		if (is_comment(line))
			continue;
		if (logical.len > 0 && ascii_is_space(line.p[0])) {
			buf_add_char(&logical, ' ');
			buf_add(&logical, str_trim(line));
			continue;
		}
		if (logical.len > 0)
			take_line(c, buf_str(&logical), pos, diags);
		buf_clear(&logical);
		pos.line = number;
		buf_add(&logical, str_trim(line));
	}
	if (logical.len > 0)
		take_line(c, buf_str(&logical), pos, diags);
	buf_fini(&logical);
}

struct config *
config_parse(const char *name, struct str text, struct diags *diags)
{
	struct config *c = config_new();

	c->path = mem_strdup(name);
	parse(c, c->path, text, diags);
	return c;
}

struct config *
config_load(const char *path, struct diags *diags)
{
	struct config *c = config_new();
	struct buf text;
	int rc;

	if (path == NULL)
		return c;
	c->path = mem_strdup(path);
	buf_init(&text);
	rc = file_read(path, CONFIG_FILE_MAX, &text);
	if (rc == 0)
		parse(c, c->path, buf_str(&text), diags);
	else
		diag_add(diags, SEVERITY_ERROR, (struct source_pos){path, 0, 0},
		    "cannot read: %s",
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	buf_fini(&text);
	return c;
}

struct config *
config_copy(const struct config *c)
{
	struct config *copy = config_new();
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].type == CONFIG_TYPE_SECTION)
			continue;
		buf_clear(&text);
		config_format(c, rows[i].name, &text);
		invariant(set_value(copy, &rows[i], buf_str(&text)) == NULL);
	}
	buf_fini(&text);
	memcpy(copy->set_at, c->set_at, ROW_COUNT * sizeof(*c->set_at));
	copy->path = c->path ? mem_strdup(c->path) : NULL;
	return copy;
}

void
config_free(struct config **cp)
{
	struct config *c = *cp;

	if (c == NULL)
		return;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		void *at = member(c, &rows[i]);

		if (rows[i].type == CONFIG_TYPE_STRING)
			free(*(char **)at);
		else if (rows[i].type == CONFIG_TYPE_LIST)
			free_list(at);
		else if (rows[i].type == CONFIG_TYPE_NETWORKS)
			free(((struct cidr_list *)at)->v);
	}
	free(c->set_at);
	free(c->path);
	free(c);
	*cp = NULL;
}

/* ---- for people --------------------------------------------------------- */

const struct config_row *
config_rows(size_t *count_out)
{
	*count_out = ROW_COUNT;
	return rows;
}

const char *
config_type_text(enum config_type type)
{
	static const char *const text[] = {"section", "string", "list",
	    "networks", "number", "size", "duration", "yes/no", "choice"};

	return text[type];
}

static void
format_units(
    uint64_t v, const struct unit *units, size_t count, struct buf *out)
{
	size_t i = 0;

	while (i + 1 < count && (v == 0 || v % units[i].factor != 0))
		i++;
	buf_printf(out, "%" PRIu64 "%s", v / units[i].factor, units[i].name);
}

static void
format_list(const struct string_list *l, struct buf *out)
{
	for (size_t i = 0; i < l->len; i++)
		buf_printf(out, "%s%s", i ? ", " : "", l->v[i]);
}

static void
format_networks(const struct cidr_list *l, struct buf *out)
{
	char text[CIDR_TEXT_MAX];

	for (size_t i = 0; i < l->len; i++)
		buf_printf(
		    out, "%s%s", i ? ", " : "", cidr_format(&l->v[i], text));
}

/* Enough digits to read the same number back, without an exponent. */
static void
format_number(double v, struct buf *out)
{
	char text[400];
	size_t len;
	int n = snprintf(text, sizeof(text), "%.9f", v);

	len = n < 0			 ? 0
	      : (size_t)n < sizeof(text) ? (size_t)n
					 : sizeof(text) - 1;
	while (len > 0 && text[len - 1] == '0')
		len--;
	if (len > 0 && text[len - 1] == '.')
		len--;
	buf_add(out, str_make(text, len));
}

static struct str
choice_text(const char *choices, int index)
{
	struct str rest = str_from(choices), word = str_word(&rest);

	while (index-- > 0)
		word = str_word(&rest);
	return word;
}

void
config_format(const struct config *c, const char *name, struct buf *out)
{
	const struct config_row *row = find_row(str_from(name));
	const void *at;

	if (row == NULL)
		return;
	at = member(c, row);
	switch (row->type) {
	case CONFIG_TYPE_STRING:
		buf_add_cstr(out, *(char *const *)at);
		break;
	case CONFIG_TYPE_LIST:
		format_list(at, out);
		break;
	case CONFIG_TYPE_NETWORKS:
		format_networks(at, out);
		break;
	case CONFIG_TYPE_NUMBER:
		format_number(*(const double *)at, out);
		break;
	case CONFIG_TYPE_SIZE:
		format_units(*(const uint64_t *)at, size_units, 4, out);
		break;
	case CONFIG_TYPE_DURATION:
		format_units(
		    (uint64_t) * (const int64_t *)at, time_units, 5, out);
		break;
	case CONFIG_TYPE_BOOL:
		buf_add_cstr(out, *(const bool *)at ? "yes" : "no");
		break;
	case CONFIG_TYPE_CHOICE:
		buf_add(out, choice_text(row->choices, *(const int *)at));
		break;
	case CONFIG_TYPE_SECTION:
		break;
	}
}

struct source_pos
config_where(const struct config *c, const char *name)
{
	const struct config_row *row = find_row(str_from(name));
	uint32_t line = row ? c->set_at[row - rows] : 0;

	if (line == 0)
		return (struct source_pos){NULL, 0, 0};
	if (line == CONFIG_SET_ELSEWHERE)
		return (struct source_pos){"command line", 0, 0};
	return (struct source_pos){c->path, line, 0};
}
