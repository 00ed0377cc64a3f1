/* Any bytes as a pattern literal; what is taken is compiled and tried. */
#include "base/regex.h"
#include "rule/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct regex_limits limits = {.match = 1000};
	struct pattern_literal l;
	struct pattern_error e;
	struct regex_error re;
	struct regex *regex;
	struct arena a;
	struct str out;
	unsigned flags;

	if (size > 4096)
		return 0;
	arena_init(&a, 0);
	if (pattern_split(str_make((const char *)data, size), &l, &e) == 0 &&
	    pattern_translate(&a, pattern_join(&a, &l), &out, &flags, &e) ==
		0 &&
	    (regex = regex_compile(out, flags, &re)) != NULL) {
		struct regex_scratch *s = regex_scratch_new(&limits);

		regex_match(
		    regex, s, str_make((const char *)data, size), 0, NULL);
		regex_scratch_free(&s);
		regex_free(&regex);
	}
	arena_fini(&a);
	return 0;
}
