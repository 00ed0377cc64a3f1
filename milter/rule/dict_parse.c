#include "rule/dict_parse.h"

#include "base/clean.h"
#include "base/map.h"
#include "base/vec.h"
#include "rule/dict_entry.h"
#include "rule/dict_fold.h"

#include <stdlib.h>

struct dict_builder {
	struct dict_set *set;
	struct dict *dict;
	struct diags *diags;
	const struct dict_file *file;
	VEC(struct dict_term) terms; /* cap 0: removed */
	struct map *by_key;	     /* key -> index + 1 */
	size_t live;
	size_t regexes;
	bool has_name;
};

/* ---- header lines ------------------------------------------------------- */

/* One `key value` line; `value` is trimmed and without its comment. */
typedef bool header_parser(
    struct dict_builder *b, const struct dict_line *line, struct str value);

static bool
is_name(struct str s, size_t max)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-')
			return false;
	return s.len > 0 && s.len <= max;
}

static bool
parse_name(
    struct dict_builder *b, const struct dict_line *line, struct str value)
{
	if (!is_name(value, DICT_NAME_MAX))
		return dict_line_fail(line, value.p,
		    "a name has 1 to %d letters, digits, - or _",
		    DICT_NAME_MAX);
	if (line->override && !str_eq(value, b->dict->name))
		return dict_line_fail(
		    line, value.p, "an override cannot rename its dictionary");
	b->dict->name = value;
	return true;
}

static bool
parse_title(
    struct dict_builder *b, const struct dict_line *line, struct str value)
{
	const char *bad;

	if (value.len > DICT_TITLE_MAX)
		return dict_line_fail(line, value.p + DICT_TITLE_MAX,
		    "a title has at most %d characters", DICT_TITLE_MAX);
	bad = clean_unprintable(value);
	if (bad != NULL)
		return dict_line_fail(line, bad,
		    "the title goes into an SMTP reply: printable ASCII only");
	b->dict->title = value;
	return true;
}

static bool
parse_threshold(
    struct dict_builder *b, const struct dict_line *line, struct str value)
{
	double n;

	if (!str_to_double(value, &n) || n < 0 || n > DICT_WEIGHT_MAX)
		return dict_line_fail(line, value.p,
		    "expected a threshold of 0 (never refuses) or more");
	b->dict->threshold = n;
	return true;
}

static bool
parse_score(
    struct dict_builder *b, const struct dict_line *line, struct str value)
{
	struct str rest = value, symbol = str_word(&rest);
	double factor = 1;

	if (!is_name(symbol, DICT_NAME_MAX) || ascii_is_digit(symbol.p[0]) ||
	    str_find_char(symbol, '-') != STR_NPOS)
		return dict_line_fail(
		    line, value.p, "expected a symbol: letters, digits and _");
	rest = str_trim(rest);
	if (rest.len > 0 && !str_to_double(rest, &factor))
		return dict_line_fail(line, rest.p, "expected a factor");
	b->dict->symbol = symbol;
	b->dict->factor = factor;
	return true;
}

static bool
parse_fields(
    struct dict_builder *b, const struct dict_line *line, struct str value)
{
	static const char *const names[] = {"subject", "text", "html", "names"};
	unsigned fields = 0;

	for (;;) {
		struct str word = str_word(&value);
		size_t i = 0;

		if (word.len == 0)
			break;
		while (i < 4 && !str_is(word, names[i]))
			i++;
		if (i == 4)
			return dict_line_fail(line, word.p,
			    "unknown field; there are subject, text, html and "
			    "names");
		fields |= 1u << i;
	}
	b->dict->fields = fields;
	return true;
}

static bool
parse_distinct(
    struct dict_builder *b, const struct dict_line *line, struct str value)
{
	uint64_t n;

	if (!str_to_u64(value, &n) || n == 0 || n > DICT_DISTINCT_MAX)
		return dict_line_fail(line, value.p,
		    "expected a number of terms, 1 to %d", DICT_DISTINCT_MAX);
	b->dict->distinct = (uint32_t)n;
	return true;
}

static bool
parse_mode(
    struct dict_builder *b, const struct dict_line *line, struct str value)
{
	bool shadow = str_is(value, "shadow");

	if (!shadow && !str_is(value, "enforce"))
		return dict_line_fail(
		    line, value.p, "the mode is enforce or shadow");
	b->dict->shadow = shadow;
	return true;
}

static const struct {
	const char *key;
	header_parser *parse;
} header_keys[] = {
    {"name", parse_name},
    {"title", parse_title},
    {"threshold", parse_threshold},
    {"score", parse_score},
    {"fields", parse_fields},
    {"distinct", parse_distinct},
    {"mode", parse_mode},
};

#define HEADER_KEYS (sizeof(header_keys) / sizeof(header_keys[0]))

static bool
parse_header(
    struct dict_builder *b, const struct dict_line *line, unsigned *seen)
{
	struct str rest = dict_line_uncomment(str_trim(line->text));
	struct str key = str_word(&rest);
	size_t i = 0;

	rest = str_trim(rest);
	while (i < HEADER_KEYS && !str_is(key, header_keys[i].key))
		i++;
	if (i == HEADER_KEYS)
		return dict_line_fail(line, key.p,
		    "unknown key; entries come after a line of ---");
	if (*seen & 1u << i)
		return dict_line_fail(
		    line, key.p, "%s is given twice", header_keys[i].key);
	*seen |= 1u << i;
	if (rest.len == 0)
		return dict_line_fail(
		    line, key.p, "%s needs a value", header_keys[i].key);
	return header_keys[i].parse(b, line, rest);
}

/* ---- entries ------------------------------------------------------------ */

static void
drop_term(struct dict_builder *b, struct dict_term *t)
{
	if (t->cap == 0)
		return;
	b->regexes -= t->regex != NULL;
	regex_free(&t->regex);
	t->cap = 0;
	b->live--;
}

static void
remove_entry(
    struct dict_builder *b, const struct dict_line *line, struct dict_entry *e)
{
	size_t at = (size_t)(uintptr_t)map_get(b->by_key, e->key);

	regex_free(&e->term.regex);
	if (at == 0 || b->terms.v[at - 1].cap == 0) {
		diag_add_excerpt(b->diags, SEVERITY_WARNING, e->term.pos,
		    line->text, e->term.pos.col - 1,
		    "there is no such entry to remove");
		return;
	}
	drop_term(b, &b->terms.v[at - 1]);
}

static bool
has_room(struct dict_builder *b, const struct dict_line *line,
    const struct dict_entry *e)
{
	if (b->live >= DICT_TERMS_MAX)
		return dict_line_fail(
		    line, line->text.p, "more than %d entries", DICT_TERMS_MAX);
	if (e->term.regex != NULL && b->regexes >= DICT_REGEX_MAX)
		return dict_line_fail(line, line->text.p,
		    "more than %d regular expressions", DICT_REGEX_MAX);
	return true;
}

static void
add_entry(
    struct dict_builder *b, const struct dict_line *line, struct dict_entry *e)
{
	size_t at = (size_t)(uintptr_t)map_get(b->by_key, e->key);

	if (at > 0 && b->terms.v[at - 1].cap > 0 && !line->override)
		diag_add_excerpt(b->diags, SEVERITY_WARNING, e->term.pos,
		    line->text, e->term.pos.col - 1,
		    "the same term stands in line %u; this one counts",
		    b->terms.v[at - 1].pos.line);
	if (at > 0)
		drop_term(b, &b->terms.v[at - 1]);
	if (!has_room(b, line, e)) {
		regex_free(&e->term.regex);
		return;
	}
	if (at == 0) {
		at = b->terms.len + 1;
		(void)VEC_PUSH(&b->terms);
		map_set(b->by_key, e->key, (void *)(uintptr_t)at);
	}
	b->terms.v[at - 1] = e->term;
	b->regexes += e->term.regex != NULL;
	b->live++;
}

/* ---- lines -------------------------------------------------------------- */

static bool
is_separator(struct str s)
{
	return str_eq(dict_line_uncomment(str_trim(s)), STR("---"));
}

static bool
has_separator(struct str text)
{
	while (text.p != NULL)
		if (is_separator(str_cut(&text, '\n')))
			return true;
	return false;
}

static void
read_line(struct dict_builder *b, struct dict_line *line, bool *in_header,
    unsigned *seen)
{
	struct dict_entry e = {.remove = false};
	struct str text = str_trim(line->text);
	const char *bad = clean_bad_byte(line->text);

	if (bad != NULL) {
		dict_line_fail(line, bad, "not UTF-8 text");
		return;
	}
	if (text.len == 0 || text.p[0] == '#')
		return;
	if (*in_header && is_separator(text)) {
		*in_header = false;
		return;
	}
	if (*in_header) {
		parse_header(b, line, seen);
		return;
	}
	if (!dict_entry_parse(line, &e))
		return;
	if (e.remove)
		remove_entry(b, line, &e);
	else
		add_entry(b, line, &e);
}

/*
 * An override without a `---` has entries alone; a dictionary without one was
 * cut short.
 */
static void
read_file(struct dict_builder *b, const struct dict_file *file, bool override)
{
	struct str rest = file->text;
	bool in_header = has_separator(rest) || !override;
	unsigned seen = 0;
	struct dict_line line = {.file = file->name,
	    .diags = b->diags,
	    .memory = &b->set->memory,
	    .override = override};

	if (str_starts(rest, STR("\xef\xbb\xbf")))
		rest = str_skip(rest, 3);
	b->file = file;
	while (rest.p != NULL) {
		line.number++;
		line.text = str_cut(&rest, '\n');
		if (str_ends(line.text, STR("\r")))
			line.text.len--;
		read_line(b, &line, &in_header, &seen);
	}
	if (in_header)
		diag_add(b->diags, SEVERITY_ERROR,
		    (struct source_pos){file->name, line.number, 0},
		    "no line of --- between the settings and the entries");
}

/* ---- the dictionary ----------------------------------------------------- */

struct str
dict_file_stem(struct str path)
{
	size_t slash = str_rfind_char(path, '/');

	if (slash != STR_NPOS)
		path = str_skip(path, slash + 1);
	if (str_ends_nocase(path, STR(".dict")))
		path.len -= 5;
	if (str_ends_nocase(path, STR(".local")))
		path.len -= 6;
	return path;
}

static void
put_u64(uint8_t *out, uint64_t n)
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(n >> 8 * i);
}

/* Equal inputs, equal version; not a defence against who may edit the files. */
static void
make_version(struct dict *d, const struct dict_file *file,
    const struct dict_file *override)
{
	uint64_t a = str_hash(file->text);
	uint64_t b = override ? str_hash(override->text) : 1;

	put_u64(d->version, a ^ b * 0x9fb21c651e98df25ULL);
	put_u64(d->version + 8, (a + file->text.len) * 0xd6e8feb86659fd93ULL +
				    b + DICT_FOLD_VERSION);
}

static void
freeze(struct dict_builder *b)
{
	struct dict *d = b->dict;

	d->terms = arena_array(&b->set->memory, b->live, sizeof(*d->terms));
	for (size_t i = 0; i < b->terms.len; i++)
		if (b->terms.v[i].cap > 0)
			d->terms[d->term_count++] = b->terms.v[i];
	if (d->title.len == 0)
		d->title = d->name;
}

static void
check_sense(struct dict_builder *b)
{
	const struct dict *d = b->dict;

	if (d->threshold == 0 && d->symbol.len == 0)
		diag_add(b->diags, SEVERITY_WARNING, d->pos,
		    "dictionary %.*s has neither a threshold nor a score: it "
		    "does nothing",
		    STR_ARG(d->name));
	if (b->live > 0 && d->distinct > b->live)
		diag_add(b->diags, SEVERITY_WARNING, d->pos,
		    "dictionary %.*s wants %u different terms but has %zu",
		    STR_ARG(d->name), d->distinct, b->live);
}

void
dict_parse_file(struct dict_set *set, const struct dict_file *file,
    const struct dict_file *override, struct diags *diags)
{
	struct dict d = {.name = dict_file_stem(str_from(file->name)),
	    .factor = 1,
	    .fields = DICT_SUBJECT | DICT_TEXT | DICT_HTML | DICT_NAMES,
	    .distinct = 1,
	    .pos = {file->name, 1, 0}};
	struct dict_builder b = {.set = set, .dict = &d, .diags = diags};

	b.by_key = map_new(false);
	read_file(&b, file, false);
	if (override != NULL)
		read_file(&b, override, true);
	make_version(&d, file, override);
	freeze(&b);
	check_sense(&b);
	map_free(&b.by_key);
	VEC_FINI(&b.terms);
	set->v = mem_resize(set->v, set->len + 1, sizeof(*set->v));
	set->v[set->len++] = d;
}
