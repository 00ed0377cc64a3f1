/*
 * Lookbehind of variable length: Perl looks back up to 255 bytes, PCRE2 wants
 * alternatives of one length each. Written out, `(?<=ab?c{1,2})` is
 * `(?<=ac|acc|abc|abcc)`.
 *
 * Works on what the walk has already put out, so every escape and class in it
 * is one PCRE2 takes. What has too many forms is refused, never cut.
 */
#include "rule/dialect.h"

#include "base/err.h"

#define FORMS_MAX ((size_t)500)
#define FORM_BYTES_MAX ((size_t)60000)

struct forms {
	struct arena *arena;
	struct str *v;
	size_t count;
};

struct reader {
	struct arena *arena;
	struct str in;
	size_t at;
	unsigned depth;
};

static bool read_branches(
    struct reader *r, struct forms *out, bool *variable_out);

static bool
push(struct forms *f, struct str s)
{
	if (f->count >= FORMS_MAX || s.len > FORM_BYTES_MAX)
		return false;
	if (f->v == NULL)
		f->v = arena_array(f->arena, FORMS_MAX, sizeof(*f->v));
	f->v[f->count++] = s;
	return true;
}

static struct str
join(struct arena *a, struct str left, struct str right, const char *end)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_add(&b, left);
	buf_add(&b, right);
	buf_add_cstr(&b, end);
	return buf_str(&b);
}

/* Every form of `left` followed by every one of `right`. */
static bool
multiply(struct forms *left, const struct forms *right)
{
	struct forms all = {.arena = left->arena};

	for (size_t i = 0; i < left->count; i++)
		for (size_t k = 0; k < right->count; k++)
			if (!push(&all,
				join(all.arena, left->v[i], right->v[k], "")))
				return false;
	*left = all;
	return true;
}

static size_t
class_length(struct str s)
{
	size_t i = 1;

	i += i < s.len && s.p[i] == '^';
	for (bool first = true; i < s.len && (first || s.p[i] != ']');
	     first = false) {
		if (s.p[i] == '\\')
			i++;
		else if (str_starts(str_skip(s, i), STR("[:")))
			i += str_find(str_skip(s, i), STR(":]")) + 1;
		i++;
	}
	return i < s.len ? i + 1 : s.len;
}

static size_t
escape_length(struct str s)
{
	size_t n = 2, end;

	if (s.len > 2 && strchr("xpP", s.p[1]) != NULL && s.p[2] == '{') {
		end = str_find_char(s, '}');
		return end == STR_NPOS ? s.len : end + 1;
	}
	if (s.len > 1 && s.p[1] == 'x')
		n += str_span(
		    str_head(str_skip(s, 2), 2), "0123456789abcdefABCDEF");
	else if (s.len > 2 && strchr("cpP", s.p[1]) != NULL)
		n++;
	return n < s.len ? n : s.len;
}

static bool
is_lookaround(struct str s)
{
	return str_starts(s, STR("(?=")) || str_starts(s, STR("(?!")) ||
	       str_starts(s, STR("(?<=")) || str_starts(s, STR("(?<!"));
}

/* (?:...) and the like, of which the forms are those of what is inside. */
static bool
read_group(struct reader *r, struct forms *out)
{
	struct str s = str_skip(r->in, r->at);
	size_t head = str_find_char(s, ':'), start = r->at;
	struct forms inside = {.arena = r->arena};
	bool variable = false;

	if (r->depth >= PATTERN_NESTING_MAX)
		return false;
	/* flags alone, or a lookaround: as it stands, to its end */
	if (!str_starts(s, STR("(?")) || head == STR_NPOS ||
	    2 + str_span(str_skip(s, 2), "^imsxn-") != head)
		head = str_starts(s, STR("(?>\\r\\n|")) ? 2 : 0; /* \R */
	r->at += head + 1;
	r->depth++;
	if (!read_branches(r, &inside, &variable) || r->at >= r->in.len)
		return false;
	r->depth--;
	r->at++;
	if (!variable || is_lookaround(s))
		return push(out, str_make(r->in.p + start, r->at - start));
	if (head == 0)
		return false;
	for (size_t i = 0; i < inside.count; i++)
		if (!push(out, join(r->arena, str_head(s, head + 1),
				   inside.v[i], ")")))
			return false;
	return true;
}

static bool
read_atom(struct reader *r, struct forms *out)
{
	struct str s = str_skip(r->in, r->at);
	size_t n = 1;

	if (s.p[0] == '(')
		return read_group(r, out);
	if (s.p[0] == '[')
		n = class_length(s);
	else if (s.p[0] == '\\')
		n = escape_length(s);
	r->at += n;
	return push(out, str_head(s, n));
}

/*
 * A quantifier at the reader; {1,1} when there is none. False for a possessive
 * one: what it takes depends on the text behind the place looked back from.
 */
static bool
read_count(struct reader *r, uint32_t *min, uint32_t *max)
{
	struct str s = str_skip(r->in, r->at);
	size_t n = 0;

	*min = *max = 1;
	if (s.len > 0 && s.p[0] == '?') {
		*min = 0;
		n = 1;
	} else if (s.len > 0 && s.p[0] == '{') {
		n = dialect_braces(s, min, max);
	}
	s = str_skip(s, n);
	if (n > 0 && s.len > 0 && s.p[0] == '?')
		n++; /* greed is nothing to what only looks */
	r->at += n;
	return n == 0 || s.len == 0 || s.p[0] != '+' || *min == *max;
}

/* The forms of `atom` from `min` to `max` times over. */
static bool
repeat(const struct forms *atom, uint32_t min, uint32_t max, struct forms *out)
{
	struct forms some = {.arena = atom->arena};

	if (max > LOOKBEHIND_MAX || !push(&some, STR_NONE))
		return false;
	for (uint32_t n = 0; n <= max; n++) {
		if (n > 0 && !multiply(&some, atom))
			return false;
		for (size_t i = 0; n >= min && i < some.count; i++)
			if (!push(out, some.v[i]))
				return false;
	}
	return true;
}

static bool
read_branch(struct reader *r, struct forms *out, bool *variable_out)
{
	if (!push(out, STR_NONE))
		return false;
	while (r->at < r->in.len && r->in.p[r->at] != '|' &&
	       r->in.p[r->at] != ')') {
		struct forms atom = {.arena = r->arena};
		struct forms times = {.arena = r->arena};
		uint32_t min, max;

		if (!read_atom(r, &atom) || !read_count(r, &min, &max))
			return false;
		if (atom.count > 1 || min != max)
			*variable_out = true;
		if (!repeat(&atom, min, max, &times) || !multiply(out, &times))
			return false;
	}
	return true;
}

static bool
read_branches(struct reader *r, struct forms *out, bool *variable_out)
{
	for (bool more = true; more;) {
		struct forms branch = {.arena = r->arena};

		if (!read_branch(r, &branch, variable_out))
			return false;
		for (size_t i = 0; i < branch.count; i++)
			if (!push(out, branch.v[i]))
				return false;
		more = r->at < r->in.len && r->in.p[r->at] == '|';
		r->at += more;
		/* alternatives may differ in length: that is for the caller */
		if (more)
			*variable_out = true;
	}
	return true;
}

int
behind_write_out(struct walk *w, size_t start, size_t opened)
{
	struct reader r = {.arena = w->out.arena,
	    .in = arena_copy(w->out.arena, str_skip(buf_str(&w->out), start))};
	struct forms all = {.arena = r.arena};
	bool variable = false;

	if (w->modes.extended || !read_branches(&r, &all, &variable) ||
	    r.at != r.in.len)
		return walk_refuse(w, opened,
		    "this lookbehind of variable length cannot be written out "
		    "as alternatives");
	w->out.len = start;
	for (size_t i = 0; i < all.count; i++) {
		if (i > 0)
			buf_add_char(&w->out, '|');
		buf_add(&w->out, all.v[i]);
	}
	return 0;
}
