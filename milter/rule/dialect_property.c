/*
 * \p{...}: a text is bytes to a pattern, so a property is a set of 256. PCRE2
 * has fewer names than Perl, and its /i leaves \p{Lu} as it is.
 */
#include "rule/dialect.h"

#define PROPERTY_NAME_MAX ((size_t)40)

struct property {
	const char *name;
	struct str bytes;
	struct str caseless;
};

static const struct property properties[] = {
#define PROPERTY(name, bytes, caseless) \
	{#name, {bytes, sizeof(bytes) - 1}, {caseless, sizeof(caseless) - 1}},
#include "rule/property.def"
#undef PROPERTY
};

/* As names are compared: no case, no blanks, `-` or `_`. */
static struct str
fold_name(struct str s, char *space)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len && n < PROPERTY_NAME_MAX; i++)
		if (strchr(" \t-_", s.p[i]) == NULL || s.p[i] == '\0')
			space[n++] = ascii_lower(s.p[i]);
	return str_make(space, n);
}

/* "gc=L", "Script: Latin": what stands behind, for the keys that fit. */
static struct str
value_of(struct str s)
{
	static const char *const keys[] = {"gc", "generalcategory", "category",
	    "sc", "script", "scx", "scriptextensions"};
	size_t n = str_cspan(s, "=:");

	if (n == s.len)
		return s;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_is(str_head(s, n), keys[i]))
			return str_skip(s, n + 1);
	return STR_NONE;
}

static const struct property *
find(struct str s)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (str_is(s, properties[i].name))
			return &properties[i];
	return NULL;
}

bool
property_bytes(struct str text, bool caseless, bool set_out[256])
{
	bool negated = text.p[1] == 'P';
	struct str s = str_skip(text, 2), bytes;
	char space[PROPERTY_NAME_MAX];
	const struct property *p;

	if (s.len > 2 && s.p[0] == '{')
		s = str_trim(str_make(s.p + 1, s.len - 2));
	if (s.len > 0 && s.p[0] == '^') {
		negated = !negated;
		s = str_skip(s, 1);
	}
	s = value_of(fold_name(s, space));
	p = find(s);
	if (p == NULL && str_starts(s, STR("is")))
		p = find(str_skip(s, 2));
	if (p == NULL)
		return false;
	bytes = caseless && p->caseless.len > 0 ? p->caseless : p->bytes;
	for (unsigned i = 0; i < 256; i++)
		set_out[i] = negated;
	for (size_t i = 0; i + 1 < bytes.len; i += 2)
		for (unsigned c = (unsigned char)bytes.p[i];
		     c <= (unsigned char)bytes.p[i + 1]; c++)
			set_out[c] = !negated;
	return true;
}

void
property_write(struct buf *b, const bool set[256])
{
	for (unsigned c = 0; c < 256; c++) {
		unsigned last = c;

		if (!set[c])
			continue;
		while (last < 255 && set[last + 1])
			last++;
		buf_printf(b, "\\x%02x", c);
		if (last > c)
			buf_printf(b, "-\\x%02x", last);
		c = last;
	}
}
