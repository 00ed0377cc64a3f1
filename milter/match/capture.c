#include "match/capture.h"

static struct tag *
find_tag(struct tag *v, size_t len, struct str name)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(v[i].name, name))
			return &v[i];
	return NULL;
}

/* Only names of this form are tags: [A-Z][A-Z0-9]*(_[A-Z0-9]+)* */
static bool
is_tag_name(struct str name)
{
	bool wanted = true; /* a letter or digit has to follow */

	if (name.len == 0 || name.p[0] < 'A' || name.p[0] > 'Z')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (c == '_' && wanted)
			return false;
		if (c != '_' && !ascii_is_digit(c) && (c < 'A' || c > 'Z'))
			return false;
		wanted = c == '_';
	}
	return !wanted;
}

static void
add_value(struct tag_values *values, struct arena *a, struct str name,
    struct str value)
{
	struct tag *t = find_tag(values->v, values->len, name);

	if (t == NULL) {
		if (values->len == TAGS_MAX)
			return;
		t = &values->v[values->len];
		*t = (struct tag){.name = name};
		t->values = arena_array(a, TAG_VALUES_MAX, sizeof(*t->values));
		if (t->values == NULL)
			return;
		values->len++;
	}
	for (size_t i = 0; i < t->count; i++)
		if (str_eq(t->values[i], value))
			return;
	if (t->count < TAG_VALUES_MAX)
		t->values[t->count++] = value;
}

void
capture_gather(struct tag_values *values, struct arena *a,
    const struct regex *re, const struct regex_scratch *s, struct str subject)
{
	uint32_t groups = regex_group_count(re);

	for (uint32_t i = 1; i <= groups; i++) {
		struct str name = str_from(regex_group_name(re, i));
		struct regex_span span;

		if (!is_tag_name(name) || !regex_group(s, i, &span) ||
		    span.end == span.start)
			continue;
		add_value(values, a, name,
		    str_make(subject.p + span.start, span.end - span.start));
	}
}

void
capture_set(struct tags *tags, const struct tag_values *values)
{
	for (size_t i = 0; i < values->len; i++) {
		struct tag *t = find_tag(tags->v, tags->len, values->v[i].name);

		if (t == NULL && tags->len < TAGS_MAX)
			t = &tags->v[tags->len++];
		if (t != NULL)
			*t = values->v[i];
	}
}

/* The name inside %{...} that starts at `at`; 0 or the length of all of it. */
static size_t
template_at(struct str pattern, size_t at, struct str *name_out)
{
	struct str s = str_skip(pattern, at + 1);
	size_t open = s.len > 0 && s.p[0] == '\\' ? 1 : 0;
	size_t end, close;

	if (open >= s.len || s.p[open] != '{')
		return 0;
	end = str_find_char(str_skip(s, open), '}');
	if (end == STR_NPOS)
		return 0;
	end += open;
	close = s.p[end - 1] == '\\' ? end - 1 : end;
	*name_out = str_make(s.p + open + 1, close - open - 1);
	if (close <= open + 1 ||
	    !is_tag_name(str_head(*name_out, str_cspan(*name_out, "("))))
		return 0;
	return end + 2;
}

bool
capture_find(struct str pattern, size_t from, struct str *name_out,
    size_t *start_out, size_t *end_out)
{
	for (size_t i = from; i < pattern.len; i++) {
		size_t len;

		if (pattern.p[i] != '%' || (i > 0 && pattern.p[i - 1] == '\\'))
			continue;
		len = template_at(pattern, i, name_out);
		if (len == 0)
			continue;
		*start_out = i;
		*end_out = i + len;
		return true;
	}
	return false;
}

static void
add_quoted(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		/* A backslash before NUL or a high byte would not be portable.
		 */
		if (c == '\0')
			buf_add_cstr(out, "\\x00");
		else {
			if (c < 0x80 && !ascii_is_alnum((char)c) && c != '_')
				buf_add_char(out, '\\');
			buf_add_char(out, (char)c);
		}
	}
}

static void
add_values(struct buf *out, const struct str *v, size_t n)
{
	buf_add_cstr(out, "(?:");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(out, '|');
		add_quoted(out, v[i]);
	}
	buf_add_char(out, ')');
}

bool
capture_expand(struct str pattern, const struct tags *tags, tag_lookup *lookup,
    void *context, struct buf *out)
{
	struct str name;
	size_t from = 0, start, end;

	while (capture_find(pattern, from, &name, &start, &end)) {
		const struct tag *t = NULL;
		struct str value;

		for (size_t i = 0; i < tags->len && t == NULL; i++)
			if (str_eq(tags->v[i].name, name))
				t = &tags->v[i];
		buf_add(out, str_make(pattern.p + from, start - from));
		if (t != NULL && t->count > 0)
			add_values(out, t->values, t->count);
		else if (lookup != NULL && lookup(context, name, &value) &&
			 value.len > 0)
			add_values(out, &value, 1);
		else
			return false;
		if (out->failed || out->len > TEMPLATE_MAX)
			return false;
		from = end;
	}
	buf_add(out, str_skip(pattern, from));
	return !out->failed && out->len <= TEMPLATE_MAX;
}
