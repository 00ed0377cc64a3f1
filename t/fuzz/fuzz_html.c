/*
 * Any bytes as HTML, in each kind of source. The first byte chooses the kind.
 */
#include "base/clean.h"
#include "mail/charset.h"
#include "mail/html.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct html_result *r;
	enum html_source kind;
	struct arena arena;
	struct str source;

	if (size == 0)
		return 0;
	kind = (enum html_source)(data[0] % 3);
	source = str_make((const char *)data + 1, size - 1);
	arena_init(&arena, (size_t)64 * 1024 * 1024);
	if (kind != HTML_OCTETS)
		source = charset_normalize(&arena, STR("utf-8"), source).text;
	r = html_render(&arena, source, kind, size - 1);
	if (r != NULL && !arena.full && !utf8_valid(r->text))
		abort();
	arena_fini(&arena);
	return 0;
}
