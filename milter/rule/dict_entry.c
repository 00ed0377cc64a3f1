#include "rule/dict_entry.h"

#include "base/block.h"
#include "rule/dict_fold.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX 256

/* ---- diagnostics -------------------------------------------------------- */

struct source_pos
dict_line_pos(const struct dict_line *line, const char *at)
{
	return source_pos_in(line->file, line->number, line->text, at);
}

bool
dict_line_fail(
    const struct dict_line *line, const char *at, const char *fmt, ...)
{
	struct source_pos pos = dict_line_pos(line, at);
	char message[MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	diag_add_excerpt(line->diags, SEVERITY_ERROR, pos, line->text,
	    pos.col - 1, "%s", message);
	return false;
}

struct str
dict_line_uncomment(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '#' && (i == 0 || ascii_is_space(s.p[i - 1])))
			return str_trim_right(str_head(s, i));
	return str_trim_right(s);
}

/* ---- weight ------------------------------------------------------------- */

/* "-6", "2.5", "2x3", with the white space behind it. */
static bool
parse_weight(
    const struct dict_line *line, struct str *rest, struct dict_term *t)
{
	struct str whole = str_word(rest), cap = whole;
	struct str number = str_cut(&cap, 'x');
	uint64_t n = 1;

	if (str_starts(number, STR("+")))
		number = str_skip(number, 1);
	if (!str_to_double(number, &t->weight))
		return dict_line_fail(
		    line, whole.p, "expected a weight (4, -6, 2.5 or 2x3)");
	if (fabs(t->weight) > DICT_WEIGHT_MAX)
		return dict_line_fail(
		    line, whole.p, "weight beyond %.0f", DICT_WEIGHT_MAX);
	if (cap.p != NULL &&
	    (!str_to_u64(cap, &n) || n == 0 || n > DICT_CAP_MAX))
		return dict_line_fail(line, cap.p,
		    "expected how often the term counts, 1 to %d, after `x`",
		    DICT_CAP_MAX);
	t->cap = (uint32_t)n;
	*rest = str_trim_left(*rest);
	return true;
}

/* ---- words -------------------------------------------------------------- */

static size_t
count_words(struct str folded)
{
	size_t n = 0, pos = 0;
	struct str word;

	while (fold_next_word(folded, &pos, &word))
		n++;
	return n;
}

/*
 * Folds `text` and appends its words to the term's. The fold is what the
 * message will go through, so the same writing gives the same words.
 */
static bool
add_words(const struct dict_line *line, struct str text, struct dict_term *t)
{
	bool open_left = str_starts(text, STR("*"));
	bool open_right = text.len > 1 && str_ends(text, STR("*"));
	struct str inner = str_skip(text, open_left), word;
	struct buf folded;
	size_t n, pos = 0, i = t->word_count;
	struct dict_word *words;

	inner.len -= open_right;
	if (str_find_char(inner, '*') != STR_NPOS)
		return dict_line_fail(line, inner.p + str_find_char(inner, '*'),
		    "`*` stands only at the start or end of a term");
	buf_init_arena(&folded, line->memory);
	dict_fold(inner, &folded);
	n = count_words(buf_str(&folded));
	if (n == 0)
		return dict_line_fail(line, text.p,
		    open_left || open_right
			? "this would match everything"
			: "no letter or digit in the term: it cannot match");
	if (t->word_count + n > DICT_WORDS_MAX)
		return dict_line_fail(line, text.p,
		    "more than %d words in one term", DICT_WORDS_MAX);
	words = arena_array(line->memory, t->word_count + n, sizeof(*words));
	if (t->word_count > 0)
		memcpy(words, t->words, t->word_count * sizeof(*words));
	while (fold_next_word(buf_str(&folded), &pos, &word))
		words[t->word_count++].text = word;
	t->words = words;
	words[i].open_left = open_left;
	words[t->word_count - 1].open_right = open_right;
	return true;
}

static bool
parse_phrase(const struct dict_line *line, struct str text, struct dict_term *t)
{
	if (text.len > DICT_TERM_MAX)
		return dict_line_fail(
		    line, text.p, "a term may have %d bytes", DICT_TERM_MAX);
	if (!add_words(line, text, t))
		return false;
	t->type = t->word_count > 1 ? TERM_PHRASE : TERM_WORD;
	return true;
}

/* ---- near() ------------------------------------------------------------- */

static struct str
unquote(struct str s)
{
	s = str_trim(s);
	if (s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"')
		return str_make(s.p + 1, s.len - 2);
	return s;
}

/* `inside`: what stands between the parentheses. */
static bool
parse_near(const struct dict_line *line, struct str inside, struct dict_term *t)
{
	struct str rest = inside, first = str_cut(&rest, ',');
	struct str second = rest.p ? str_cut(&rest, ',') : STR_NONE;
	struct str distance = str_trim(rest);
	uint64_t n;

	first = unquote(first);
	second = unquote(second);
	if (rest.p == NULL || !str_to_u64(distance, &n))
		return dict_line_fail(
		    line, inside.p, "expected near(word, word, distance)");
	if (n == 0 || n > DICT_NEAR_MAX)
		return dict_line_fail(line, distance.p,
		    "the distance is 1 to %d words", DICT_NEAR_MAX);
	if (first.len > DICT_TERM_MAX || second.len > DICT_TERM_MAX)
		return dict_line_fail(
		    line, inside.p, "a term may have %d bytes", DICT_TERM_MAX);
	if (!add_words(line, first, t))
		return false;
	if (t->word_count != 1)
		return dict_line_fail(
		    line, first.p, "near() takes single words");
	if (!add_words(line, second, t))
		return false;
	if (t->word_count != 2)
		return dict_line_fail(
		    line, second.p, "near() takes single words");
	t->type = TERM_NEAR;
	t->distance = (uint32_t)n;
	return true;
}

/* ---- regular expressions ------------------------------------------------ */

/*
 * Would this hit every message? An empty match anywhere does, and so does one
 * that cannot tell a letter from another or from a digit.
 */
static bool
matches_everything(const struct regex *re)
{
	static const char *const probe[] = {"a", "q", "7", "zx kw"};
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct regex_span span;
	size_t hits = 0, count = sizeof(probe) / sizeof(probe[0]);
	bool empty = regex_match(re, s, STR(""), 0, NULL) == 1;

	for (size_t i = 0; i < count && !empty; i++) {
		if (regex_match(re, s, str_from(probe[i]), 0, &span) != 1)
			continue;
		hits++;
		empty = span.start == span.end;
	}
	regex_scratch_free(&s);
	return empty || hits == count;
}

static bool
compile(const struct dict_line *line, struct str pattern, const char *at,
    unsigned flags, struct dict_term *t)
{
	struct regex_error error;
	struct regex *re;

	flags |= REGEX_CASELESS | REGEX_UTF;
	re = regex_compile(pattern, flags, &error);

	if (re == NULL)
		return dict_line_fail(line,
		    at == pattern.p ? at + error.offset : at,
		    "bad regular expression: %s", error.message);
	if (matches_everything(re)) {
		regex_free(&re);
		return dict_line_fail(line, at, "this would match everything");
	}
	t->regex = re;
	t->pattern = pattern;
	t->regex_flags = flags;
	t->type = TERM_REGEX;
	return true;
}

/* At the opening slash; `*rest` moves behind the modifiers. */
static bool
parse_regex(const struct dict_line *line, struct str *rest, struct dict_term *t)
{
	const char *start = rest->p;
	struct str pattern;
	unsigned flags = 0;
	size_t i = 1;

	while (i < rest->len && rest->p[i] != '/')
		i += rest->p[i] == '\\' ? 2 : 1;
	if (i >= rest->len)
		return dict_line_fail(line, start, "no closing slash");
	pattern = str_make(start + 1, i - 1);
	if (pattern.len > DICT_TERM_MAX)
		return dict_line_fail(
		    line, start, "a term may have %d bytes", DICT_TERM_MAX);
	for (i++; i < rest->len && !ascii_is_space(rest->p[i]); i++) {
		switch (rest->p[i]) {
		case 'i':
		case 'u':
			break;
		case 'm':
			flags |= REGEX_MULTILINE;
			break;
		case 's':
			flags |= REGEX_DOTALL;
			break;
		case 'x':
			flags |= REGEX_EXTENDED;
			break;
		default:
			return dict_line_fail(line, rest->p + i,
			    "unknown modifier `%c`", rest->p[i]);
		}
	}
	t->written = str_make(start, i);
	t->regex_plain = !block_is_ascii(pattern);
	*rest = str_skip(*rest, i);
	return compile(line, pattern, pattern.p, flags, t);
}

/* ---- digits for letters ------------------------------------------------- */

static void
add_leet_letter(struct buf *out, char c)
{
	static const struct {
		char letter;
		const char *signs;
	} spelled[] = {
	    {'a', "[a4@]"},
	    {'b', "[b8]"},
	    {'e', "[e3]"},
	    {'g', "[g69]"},
	    {'i', "[i1!|]"},
	    {'l', "[l1!|]"},
	    {'o', "[o0]"},
	    {'s', "[s5$]"},
	    {'t', "[t7+]"},
	    {'z', "[z2]"},
	};

	for (size_t i = 0; i < sizeof(spelled) / sizeof(spelled[0]); i++)
		if (spelled[i].letter == c) {
			buf_add_cstr(out, spelled[i].signs);
			return;
		}
	buf_add_char(out, c);
}

/*
 * A single leet word is looked up by its class; phrases and open words become
 * the regular expression they stand for.
 */
static bool
spell_leet(const struct dict_line *line, const char *at, struct dict_term *t)
{
	const struct dict_word *first = t->words;
	const struct dict_word *last = t->words + t->word_count - 1;
	struct buf pattern;

	if (t->type == TERM_WORD && !first->open_left && !first->open_right)
		return true;
	buf_init_arena(&pattern, line->memory);
	if (!first->open_left)
		buf_add_cstr(&pattern, "(?<![\\pL\\pM\\pN])");
	for (const struct dict_word *w = first; w <= last; w++) {
		if (w != first)
			buf_add_cstr(&pattern, "[^\\pL\\pM\\pN]+");
		for (size_t i = 0; i < w->text.len; i++)
			add_leet_letter(&pattern, w->text.p[i]);
	}
	if (!last->open_right)
		buf_add_cstr(&pattern, "(?![\\pL\\pM\\pN])");
	return compile(line, buf_str(&pattern), at, 0, t);
}

/* ---- the line ----------------------------------------------------------- */

/* Takes the flag `leet` when it stands before or after the term. */
static bool
take_leet(struct str *rest)
{
	struct str after = *rest;

	if (!str_is_nocase(str_word(&after), "leet"))
		return false;
	*rest = str_trim_left(after);
	return true;
}

static bool
parse_quoted(
    const struct dict_line *line, struct str *rest, struct dict_term *t)
{
	struct str inside = str_skip(*rest, 1);
	size_t end = str_find_char(inside, '"');

	if (end == STR_NPOS)
		return dict_line_fail(line, rest->p, "no closing quote");
	t->written = str_head(*rest, end + 2);
	*rest = str_skip(inside, end + 1);
	return parse_phrase(line, str_head(inside, end), t);
}

static bool
parse_term(const struct dict_line *line, struct str *rest, struct dict_term *t)
{
	size_t end;

	if (rest->p[0] == '"')
		return parse_quoted(line, rest, t);
	if (rest->p[0] == '/')
		return parse_regex(line, rest, t);
	if (str_starts_nocase(*rest, STR("near("))) {
		struct str inside = str_skip(*rest, 5);

		end = str_find_char(inside, ')');
		if (end == STR_NPOS)
			return dict_line_fail(
			    line, rest->p, "no closing parenthesis");
		t->written = str_head(*rest, end + 6);
		*rest = str_skip(inside, end + 1);
		return parse_near(line, str_head(inside, end), t);
	}
	t->written = str_word(rest);
	return parse_phrase(line, t->written, t);
}

/* Entries about the same term share it, whatever their weight. */
static struct str
make_key(const struct dict_line *line, const struct dict_term *t)
{
	struct buf key;
	bool swap = t->type == TERM_NEAR &&
		    str_cmp(t->words[0].text, t->words[1].text) > 0;

	if (t->word_count == 0)
		return t->written;
	buf_init_arena(&key, line->memory);
	buf_add_cstr(&key, t->type == TERM_NEAR ? "near" : "");
	for (size_t i = 0; i < t->word_count; i++) {
		const struct dict_word *w = &t->words[swap ? 1 - i : i];

		buf_add_cstr(&key, w->open_left ? " *" : " ");
		buf_add(&key, w->text);
		buf_add_cstr(&key, w->open_right ? "*" : "");
	}
	return buf_str(&key);
}

static bool
parse_body(
    const struct dict_line *line, struct str rest, struct dict_entry *out)
{
	struct dict_term *t = &out->term;
	const char *at = rest.p;
	struct str after = rest;
	bool word_leet =
	    take_leet(&after) && dict_line_uncomment(after).len > 0;

	if (word_leet)
		rest = after;
	t->leet = word_leet;
	t->pos = dict_line_pos(line, rest.p);
	if (!parse_term(line, &rest, t))
		return false;
	if (rest.len > 0 && !ascii_is_space(rest.p[0]))
		return dict_line_fail(
		    line, rest.p, "expected white space after the term");
	rest = str_trim_left(rest);
	t->leet |= take_leet(&rest);
	rest = dict_line_uncomment(rest);
	if (rest.len > 0)
		return dict_line_fail(line, rest.p,
		    "unexpected text after the term; a phrase stands in "
		    "quotes");
	out->key = make_key(line, t);
	if (!t->leet)
		return true;
	if (t->type == TERM_REGEX || t->type == TERM_NEAR)
		return dict_line_fail(
		    line, at, "leet goes with words and phrases only");
	return spell_leet(line, at, t);
}

bool
dict_entry_parse(const struct dict_line *line, struct dict_entry *out)
{
	struct dict_entry e = {.term = {.cap = 1}};
	struct str rest = str_trim(line->text);
	char second = rest.len > 1 ? rest.p[1] : ' ';

	if (line->override && rest.p[0] == '-' && !ascii_is_digit(second)) {
		e.remove = true;
		rest = str_skip(rest, 1);
		if (ascii_is_space(second))
			return dict_line_fail(line, rest.p,
			    "expected the term to remove after `-`");
	} else if (!parse_weight(line, &rest, &e.term)) {
		return false;
	}
	if (dict_line_uncomment(rest).len == 0)
		return dict_line_fail(line, rest.p ? rest.p : line->text.p,
		    "no term after the weight");
	if (!parse_body(line, rest, &e)) {
		regex_free(&e.term.regex);
		return false;
	}
	*out = e;
	return true;
}
