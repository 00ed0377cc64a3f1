/*
 * URIs: the first byte chooses the entry, the rest is text, a URI or a base and
 * a reference.
 */
#include "mail/uri.h"

#include "base/mem.h"
#include "mail_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct mail_settings *s, const struct uri_set *set)
{
	struct uri_list l = uri_set_records(set);

	for (size_t i = 0; i < l.len; i++) {
		invariant(l.v[i].types != 0);
		for (size_t k = 0; k < l.v[i].cleaned.len; k++)
			invariant(l.v[i].cleaned.v[k].len <= s->limits.uri);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mail_settings s;
	struct uri_set *set;
	struct arena a;
	struct str text;

	if (size == 0)
		return 0;
	text = str_make((const char *)data + 1, size - 1);
	fixture_settings(&s);
	arena_init(&a, (size_t)16 << 20);
	set = uri_set_new(&a, &s);
	switch (data[0] & 3) {
	case 0:
		uri_set_add_text(set, text);
		break;
	case 1:
		uri_set_add(set, &(struct uri_source){
				     .raw = text, .wide = (data[0] & 4) != 0});
		break;
	case 2:
		uri_set_add_signature(set, text);
		break;
	default: {
		struct str base = str_cut(&text, '\n');

		uri_set_add(set,
		    &(struct uri_source){.raw = uri_resolve(&a, base, text)});
	}
	}
	check(&s, set);
	uri_set_fini(set);
	arena_fini(&a);
	fixture_settings_fini(&s);
	return 0;
}
