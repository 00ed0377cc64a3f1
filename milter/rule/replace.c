#include "rule/replace.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "rule/limits.h"

struct expansion {
	const struct replace_tags *tags;
	struct arena *arena;
	bool calls;	     /* tags become calls of DEFINEd groups */
	struct map *defined; /* names called, -> struct str text */
	bool again;	     /* a replacement held tags itself */
	bool grown;	     /* REPLACE_SIZE_MAX was reached */
};

void
replace_init(struct replace_tags *t)
{
	for (int i = 0; i < REPLACE_KINDS; i++)
		t->by_name[i] = map_new(false);
	t->start = STR("<");
	t->end = STR(">");
}

void
replace_fini(struct replace_tags *t)
{
	for (int i = 0; i < REPLACE_KINDS; i++)
		map_free(&t->by_name[i]);
}

void
replace_set(struct replace_tags *t, struct arena *a, enum replace_kind kind,
    struct str name, struct str text)
{
	struct str *copy = arena_alloc(a, sizeof(*copy));

	*copy = arena_copy(a, text);
	map_set(t->by_name[kind], name, copy);
}

/* The text of a tag; Perl takes "" and "0" for none. */
static const struct str *
lookup(const struct replace_tags *t, enum replace_kind kind, struct str name)
{
	const struct str *s = map_get(t->by_name[kind], name);

	return s && s->len > 0 && !str_is(*s, "0") ? s : NULL;
}

/*
 * First `start` + at least one byte + `end` in `s`; `*tag_out` the whole,
 * `*name_out` the inside.
 */
static bool
find_tag(const struct replace_tags *t, struct str s, struct str *tag_out,
    struct str *name_out)
{
	size_t from = str_find(s, t->start), to;
	struct str rest;

	if (from == STR_NPOS)
		return false;
	rest = str_skip(s, from + t->start.len);
	if (rest.len < 2)
		return false;
	to = str_find(str_skip(rest, 1), t->end);
	if (to == STR_NPOS)
		return false;
	*name_out = str_head(rest, to + 1);
	*tag_out = str_make(s.p + from, t->start.len + to + 1 + t->end.len);
	return true;
}

/* Takes the first "<word NAME>" out of `*s` and returns NAME, or none. */
static struct str
take_modifier(struct expansion *x, struct str *s, const char *word)
{
	size_t n = strlen(word);
	struct str rest = *s, tag, name;

	for (;;) {
		size_t at = str_find(rest, x->tags->start);
		struct buf b;

		if (at == STR_NPOS)
			return STR_NONE;
		rest = str_skip(rest, at);
		if (!find_tag(x->tags, rest, &tag, &name))
			return STR_NONE;
		if (!str_starts(name, str_make(word, n)) || name.len <= n) {
			rest = str_skip(rest, 1);
			continue;
		}
		buf_init_arena(&b, x->arena);
		buf_add(&b, str_head(*s, (size_t)(tag.p - s->p)));
		buf_add(&b, str_skip(*s, (size_t)(tag.p - s->p) + tag.len));
		*s = buf_str(&b);
		return str_skip(name, n);
	}
}

/* `text` before or after the first (or every) tag of a piece. */
static struct str
surround(struct expansion *x, struct str s, struct str pre, struct str post,
    bool every)
{
	struct str tag, name;
	struct buf b;

	if (!find_tag(x->tags, s, &tag, &name))
		return s;
	buf_init_arena(&b, x->arena);
	do {
		buf_add(&b, str_head(s, (size_t)(tag.p - s.p)));
		buf_add(&b, pre);
		buf_add(&b, tag);
		buf_add(&b, post);
		s = str_skip(s, (size_t)(tag.p - s.p) + tag.len);
	} while (every && find_tag(x->tags, s, &tag, &name));
	buf_add(&b, s);
	return buf_str(&b);
}

static bool
holds_tag(struct str s)
{
	for (;;) {
		size_t at = str_find_char(s, '<'), end;

		if (at == STR_NPOS)
			return false;
		s = str_skip(s, at + 1);
		end = str_find_char(s, '>');
		if (end != STR_NPOS && end > 0)
			return true;
	}
}

/* Where the bracket class or group opened at `at` ends, or STR_NPOS. */
static size_t
atom_end(struct str s, size_t at)
{
	unsigned depth = 0;
	bool class = false;

	for (size_t i = at; i < s.len; i++) {
		char c = s.p[i];

		if (c == '\\') {
			i++;
		} else if (class) {
			class = c != ']';
		} else if (c == '[') {
			class = true;
			i += i + 1 < s.len && s.p[i + 1] == '^';
			i += i + 1 < s.len && s.p[i + 1] == ']';
		} else if (c == '(') {
			depth++;
		} else if (c == ')') {
			depth -= depth > 0;
		}
		if (depth == 0 && !class)
			return i;
	}
	return STR_NPOS;
}

/* One non-capturing group or class: a call of it means the same everywhere. */
static bool
is_atom(struct str s)
{
	if (s.len < 2 || (s.p[0] != '[' && !str_starts(s, STR("(?:"))))
		return false;
	return atom_end(s, 0) == s.len - 1;
}

static bool
is_identifier(struct str s)
{
	if (s.len == 0 || s.len > 24)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_')
			return false;
	return true;
}

/* What stands for tag `name`: its text, or a call of it. */
static struct str
replacement(struct expansion *x, struct str name, struct str text)
{
	struct str *copy;

	if (!x->calls || text.len < 16 || !is_atom(text) ||
	    !is_identifier(name)) {
		x->again = x->again || holds_tag(text);
		return text;
	}
	if (map_get(x->defined, name) == NULL) {
		copy = arena_alloc(x->arena, sizeof(*copy));
		*copy = text;
		map_set(x->defined, name, copy);
	}
	return arena_printf(x->arena, "(?&tag_%.*s)", STR_ARG(name));
}

static void
add_checked(struct expansion *x, struct buf *b, struct str s)
{
	if (b->len + s.len > REPLACE_SIZE_MAX)
		x->grown = true;
	else
		buf_add(b, s);
}

/* Replaces the first tag of a piece, and all others of the same name. */
static void
replace_piece(struct expansion *x, struct str s, struct buf *out)
{
	struct str tag, name, with;
	const struct str *text;

	if (!find_tag(x->tags, s, &tag, &name) ||
	    (text = lookup(x->tags, REPLACE_TAG, name)) == NULL) {
		add_checked(x, out, s);
		return;
	}
	with = replacement(x, name, *text);
	for (;;) {
		size_t at = str_find(s, tag);

		if (at == STR_NPOS)
			break;
		add_checked(x, out, str_head(s, at));
		add_checked(x, out, with);
		s = str_skip(s, at + tag.len);
	}
	add_checked(x, out, s);
}

/* Length of a `<...>` without < or > inside, at the start of `s`; or 0. */
static size_t
token_length(struct str s)
{
	for (size_t i = 1; i < s.len && s.p[i] != '<'; i++)
		if (s.p[i] == '>')
			return i > 1 ? i + 1 : 0;
	return 0;
}

static void
do_piece(struct expansion *x, struct str s, const struct str **around,
    struct buf *out)
{
	if (around[REPLACE_PRE] != NULL)
		s = surround(x, s, *around[REPLACE_PRE], STR_NONE, false);
	if (around[REPLACE_POST] != NULL)
		s = surround(x, s, STR_NONE, *around[REPLACE_POST], true);
	if (around[REPLACE_INTER] != NULL && s.len == 0)
		s = *around[REPLACE_INTER];
	replace_piece(x, s, out);
}

static struct str
expand_once(struct expansion *x, struct str s)
{
	static const char *const words[REPLACE_KINDS] = {[REPLACE_PRE] = "pre ",
	    [REPLACE_INTER] = "inter ",
	    [REPLACE_POST] = "post "};
	static const enum replace_kind order[] = {
	    REPLACE_PRE, REPLACE_POST, REPLACE_INTER};
	const struct str *around[REPLACE_KINDS] = {NULL};
	struct buf out;
	size_t start = 0;

	for (size_t i = 0; i < 3; i++) {
		struct str name = take_modifier(x, &s, words[order[i]]);

		if (name.len > 0)
			around[order[i]] = lookup(x->tags, order[i], name);
	}
	buf_init_arena(&out, x->arena);
	for (size_t i = 0; i < s.len && !x->grown;) {
		size_t n = s.p[i] == '<' ? token_length(str_skip(s, i)) : 0;

		if (n == 0) {
			i++;
			continue;
		}
		do_piece(x, str_make(s.p + start, i - start), around, &out);
		do_piece(x, str_make(s.p + i, n), around, &out);
		i += n;
		start = i;
	}
	if (start < s.len)
		do_piece(x, str_skip(s, start), around, &out);
	return buf_str(&out);
}

static int
expand(struct expansion *x, struct str s, struct str *out)
{
	for (int pass = 0; pass < REPLACE_PASSES; pass++) {
		x->again = false;
		s = expand_once(x, s);
		if (x->grown)
			return ERR_LIMIT;
		if (!x->again)
			break;
	}
	*out = s;
	return 0;
}

int
replace_expand(const struct replace_tags *t, struct arena *a,
    struct str pattern, struct str *out)
{
	struct expansion x = {.tags = t, .arena = a};

	return expand(&x, pattern, out);
}

/* Appends (?(DEFINE)...) with every called tag; their texts may call others. */
static int
add_definitions(struct expansion *x, struct buf *b)
{
	struct str name;
	size_t pos = 0;
	void *v;

	buf_add(b, STR("(?(DEFINE)"));
	while (map_next(x->defined, &pos, &name, &v)) {
		struct str text;
		int rc = expand(x, *(struct str *)v, &text);

		if (rc != 0)
			return rc;
		buf_printf(b, "(?<tag_%.*s>", STR_ARG(name));
		buf_add(b, text);
		buf_add_char(b, ')');
	}
	buf_add_char(b, ')');
	return 0;
}

int
replace_expand_calls(const struct replace_tags *t, struct arena *a,
    struct str pattern, struct str *out)
{
	struct expansion x = {
	    .tags = t, .arena = a, .calls = true, .defined = map_new(false)};
	struct buf b;
	int rc = expand(&x, pattern, out);

	if (rc == 0 && map_count(x.defined) > 0) {
		buf_init_arena(&b, a);
		buf_add(&b, *out);
		rc = add_definitions(&x, &b);
		*out = buf_str(&b);
	}
	map_free(&x.defined);
	return rc;
}
