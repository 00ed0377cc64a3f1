/*
 * Short cuts against the long way: a relay's date found by hand and by its
 * regexp, the start of base64 and all of it, a picture's size from a part of
 * the file and from the whole.
 */
#include "base/regex.h"
#include "mail/date.h"
#include "mail/decode.h"
#include "policy/image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
try_date(struct str text)
{
	static struct regex *re;
	static struct regex_scratch *scratch;
	struct str line = str_cut(&text, '\n'), got;
	struct regex_span span;
	struct regex_error e;
	int64_t t;
	bool found;

	if (re == NULL) {
		re = regex_compile(
		    STR("\\s.?\\d+ \\S{3} \\d+ \\d+:\\d+:\\d+ \\S+"), 0, &e);
		scratch = regex_scratch_new(NULL);
	}
	found = date_find_stamp(line, &got);
	must(found == (regex_match(re, scratch, line, 0, &span) == 1));
	must(!found || (got.p == line.p + span.start &&
			   got.len == span.end - span.start));
	must(!date_parse(line, &t) || t >= 0);
}

static void
try_base64(struct arena *a, struct str text, size_t bytes)
{
	struct str start = decode_base64_start(a, text, bytes);

	must(start.len <= bytes && str_starts(decode_base64(a, text), start));
}

static void
try_image(enum image_type type, struct str file, size_t bytes)
{
	struct image_size whole = {0, 0}, part = {0, 0};
	enum image_look want = image_size(type, file, &whole);
	enum image_look look = image_size(type, str_head(file, bytes), &part);

	must(look == IMAGE_SHORT || look == want);
	must(look != IMAGE_SIZED ||
	     (part.width == whole.width && part.height == whole.height));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	size_t bytes = size > 0 ? data[0] : 0;
	struct arena a;

	text = str_skip(text, 1);
	arena_init(&a, (size_t)16 * 1024 * 1024);
	try_date(text);
	try_base64(&a, text, bytes);
	for (int type = 0; type < IMAGE_TYPE_COUNT; type++)
		try_image((enum image_type)type, text, bytes);
	arena_fini(&a);
	return 0;
}
