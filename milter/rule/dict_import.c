#include "rule/dict_import.h"

#include "base/clean.h"
#include "base/err.h"
#include "rule/dict_entry.h"

#include <stdio.h>

/* Phrases of one combination: `<a>,<b>,<c><30>`. */
#define PARTS_MAX 8
/* Where theirs judge a page of many thousand words. */
#define IMPORT_THRESHOLD 100
#define LINES_MAX (DICT_TERMS_MAX * 4)

struct importer {
	const char *file;
	uint32_t line;
	struct str text; /* the line, UTF-8 */
	struct diags *diags;
	struct arena memory;
	struct buf *out;
	long written;
};

static void
leave_out(struct importer *im, const char *why)
{
	diag_add_excerpt(im->diags, SEVERITY_WARNING,
	    (struct source_pos){im->file, im->line, 1}, im->text, 0,
	    "left out: %s", why);
}

/* Writes the entry if it is one a dictionary may have. */
static void
write_entry(struct importer *im, struct str entry)
{
	struct diags quiet;
	struct dict_entry e;
	struct dict_line line = {.file = im->file,
	    .number = im->line,
	    .text = entry,
	    .diags = &quiet,
	    .memory = &im->memory};

	if (clean_bad_byte(entry) != NULL) {
		leave_out(im, "control characters");
		return;
	}
	diags_init(&quiet, 1);
	if (dict_entry_parse(&line, &e)) {
		buf_add(im->out, entry);
		buf_add_char(im->out, '\n');
		im->written++;
		regex_free(&e.term.regex);
	} else {
		leave_out(im, quiet.len > 0 ? quiet.v[0].message : "?");
	}
	diags_fini(&quiet);
}

/* A term in quotes, without the signs that have a meaning of their own there.
 */
static void
add_quoted(struct buf *entry, struct str term, bool open_left, bool open_right)
{
	buf_add_cstr(entry, open_left ? "\"*" : "\"");
	for (size_t i = 0; i < term.len; i++)
		buf_add_char(entry,
		    term.p[i] == '"' || term.p[i] == '*' ? ' ' : term.p[i]);
	buf_add_cstr(entry, open_right ? "*\"" : "\"");
}

/* ---- DansGuardian, e2guardian ------------------------------------------- */

/* What stands between < and >; white space at an end is a word's end. */
struct guardian_line {
	struct str part[PARTS_MAX];
	size_t parts;
	struct str weight; /* empty: none */
};

static bool
split_guardian(struct str s, struct guardian_line *out)
{
	double ignored;

	*out = (struct guardian_line){.parts = 0};
	while (s.len > 0) {
		size_t close = str_find_char(s, '>');

		if (s.p[0] != '<' || close == STR_NPOS ||
		    out->parts == PARTS_MAX)
			return false;
		out->part[out->parts++] = str_make(s.p + 1, close - 1);
		s = str_trim_left(str_skip(s, close + 1));
		if (str_starts(s, STR(",")))
			s = str_trim_left(str_skip(s, 1));
	}
	if (out->parts > 1 &&
	    str_to_double(str_trim(out->part[out->parts - 1]), &ignored))
		out->weight = str_trim(out->part[--out->parts]);
	return out->parts > 0;
}

static bool
open_at(struct str part, bool left)
{
	return part.len > 0 &&
	       !ascii_is_space(left ? part.p[0] : part.p[part.len - 1]);
}

static void
add_near_word(struct buf *entry, struct str part)
{
	buf_add_cstr(entry, open_at(part, true) ? "*" : "");
	buf_add(entry, str_trim(part));
	buf_add_cstr(entry, open_at(part, false) ? "*" : "");
}

static void
import_guardian(struct importer *im, struct buf *entry)
{
	struct str s = str_trim(dict_line_uncomment(im->text));
	struct guardian_line g;

	if (s.len == 0)
		return;
	if (s.p[0] != '<' || !split_guardian(s, &g)) {
		leave_out(im, "not a line of phrases");
		return;
	}
	if (g.weight.len == 0) {
		leave_out(im, "no weight");
		return;
	}
	if (g.parts > 2) {
		leave_out(im, "more than two phrases that belong together");
		return;
	}
	buf_add(entry, g.weight);
	buf_add_char(entry, ' ');
	if (g.parts == 2) {
		buf_add_cstr(entry, "near(");
		add_near_word(entry, g.part[0]);
		buf_add_cstr(entry, ", ");
		add_near_word(entry, g.part[1]);
		buf_printf(entry, ", %d)", DICT_NEAR_MAX);
	} else {
		add_quoted(entry, str_trim(g.part[0]), open_at(g.part[0], true),
		    open_at(g.part[0], false));
	}
	write_entry(im, buf_str(entry));
}

/* ---- CSV ---------------------------------------------------------------- */

/* A field without its quotes (RFC 4180); a doubled quote inside becomes one. */
static bool
csv_term(struct str field, struct buf *out)
{
	if (!str_starts(field, STR("\""))) {
		buf_add(out, field);
		return true;
	}
	for (size_t i = 1; i < field.len; i++) {
		if (field.p[i] != '"')
			buf_add_char(out, field.p[i]);
		else if (i + 1 < field.len && field.p[i + 1] == '"')
			buf_add_char(out, field.p[++i]);
		else
			return i + 1 == field.len;
	}
	return false;
}

static void
import_csv(struct importer *im, struct buf *entry)
{
	struct str rest = str_trim(im->text);
	struct str weight = str_trim(str_cut(&rest, ',')), term;
	struct buf raw;
	double ignored;
	bool left, right;

	if (weight.len == 0 || weight.p[0] == '#' ||
	    (im->line == 1 && str_is_nocase(weight, "weight")))
		return;
	if (rest.p == NULL || !str_to_double(weight, &ignored)) {
		leave_out(im, "expected weight,term");
		return;
	}
	buf_init_arena(&raw, &im->memory);
	if (!csv_term(str_trim(rest), &raw)) {
		leave_out(im, "quotes that do not match");
		return;
	}
	term = str_trim(buf_str(&raw));
	left = str_starts(term, STR("*"));
	right = term.len > 1 && str_ends(term, STR("*"));
	term = str_skip(term, left);
	term.len -= right && term.len > 0;
	buf_add(entry, weight);
	buf_add_char(entry, ' ');
	add_quoted(entry, term, left, right);
	write_entry(im, buf_str(entry));
}

/* ---- both --------------------------------------------------------------- */

bool
dict_import_format_parse(struct str text, enum dict_import_format *format_out)
{
	if (str_is(text, "csv"))
		*format_out = DICT_IMPORT_CSV;
	else if (str_is(text, "dansguardian") || str_is(text, "e2guardian"))
		*format_out = DICT_IMPORT_GUARDIAN;
	else
		return false;
	return true;
}

/* Old lists come in ISO-8859-1; anything that is not UTF-8 is read as that. */
static struct str
to_utf8(struct importer *im, struct str line)
{
	struct buf b;

	if (utf8_valid(line))
		return line;
	buf_init_arena(&b, &im->memory);
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c < 0x80) {
			buf_add_char(&b, (char)c);
			continue;
		}
		buf_add_char(&b, (char)(0xc0 | c >> 6));
		buf_add_char(&b, (char)(0x80 | (c & 0x3f)));
	}
	return buf_str(&b);
}

static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-')
			return false;
	return s.len > 0 && s.len <= DICT_NAME_MAX;
}

static void
import_line(struct importer *im, enum dict_import_format format)
{
	struct buf entry;

	buf_init(&entry);
	if (format == DICT_IMPORT_GUARDIAN)
		import_guardian(im, &entry);
	else
		import_csv(im, &entry);
	buf_fini(&entry);
}

long
dict_import(enum dict_import_format format, const char *file, struct str name,
    struct str text, struct buf *out, struct diags *diags)
{
	struct importer im = {.file = file, .diags = diags, .out = out};

	if (!is_name(name)) {
		diag_add(diags, SEVERITY_ERROR, (struct source_pos){file, 0, 0},
		    "a dictionary's name has letters, digits, - and _");
		return ERR_SYNTAX;
	}
	buf_printf(out,
	    "name       %.*s\n"
	    "threshold  %d\n"
	    "mode       shadow     # look at what it finds, then enforce\n"
	    "---\n",
	    STR_ARG(name), IMPORT_THRESHOLD);
	arena_init(&im.memory, 0);
	while (text.p != NULL && im.line < LINES_MAX) {
		im.line++;
		im.text = to_utf8(&im, str_trim(str_cut(&text, '\n')));
		import_line(&im, format);
		arena_reset(&im.memory);
	}
	arena_fini(&im.memory);
	if (im.written > 0)
		return im.written;
	diag_add(diags, SEVERITY_ERROR, (struct source_pos){file, 0, 0},
	    "no entries found");
	return ERR_SYNTAX;
}
