/*
 * "charset NUL bytes": whatever both are, the text must be valid UTF-8 and the
 * strict decoder must agree with the lenient one where it succeeds.
 */
#include "base/clean.h"
#include "mail/charset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_make((const char *)data, size);
	struct str name = str_cut(&rest, '\0');
	struct str strict, lossy;
	struct arena arena;

	arena_init(&arena, (size_t)64 * 1024 * 1024);
	if (!utf8_valid(charset_normalize(&arena, name, rest).text))
		abort();
	charset_normalize_word(&arena, name, rest);
	if (charset_decode(&arena, name, rest, &strict)) {
		if (!charset_decode_lossy(&arena, name, rest, &lossy) ||
		    !str_eq(strict, lossy))
			abort();
	}
	arena_fini(&arena);
	return 0;
}
