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

const struct tag *
capture_find(const struct tags *tags, struct str name)
{
	for (size_t i = 0; i < tags->len; i++)
		if (str_eq(tags->v[i].name, name))
			return &tags->v[i];
	return NULL;
}
