/*
 * Any bytes as a dictionary, its override and a message, parted by NUL: loads,
 * counts, and counts the same again.
 */
#include "base/mem.h"
#include "match/dict_scan.h"
#include "rule/dict_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static double
points(const struct dict_index *x, struct regex_scratch *s, struct str text)
{
	struct dict_texts texts = {
	    .place = {{&text, 1}, {&text, 1}, {&text, 1}, {&text, 1}}};
	struct hits hits = {0};
	struct arena a;
	double sum = 0;

	arena_init(&a, (size_t)16 * 1024 * 1024);
	if (dict_scan_texts(x, s, &texts, &a, &hits))
		for (size_t i = 0; i < hits.dict_count; i++)
			sum += hits.dicts[i].points;
	arena_fini(&a);
	return sum;
}

static void
import(struct str text, enum dict_import_format format)
{
	struct diags diags;
	struct dict_set *set;
	struct buf out;

	diags_init(&diags, 10);
	buf_init(&out);
	if (dict_import(format, "fuzz", STR("fuzz"), text, &out, &diags) > 0) {
		diags_fini(&diags);
		set = dict_parse("fuzz.dict", buf_str(&out), &diags);
		invariant(diags.errors == 0);
		dict_free(&set);
	}
	buf_fini(&out);
	diags_fini(&diags);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_make((const char *)data, size);
	struct str text = str_cut(&rest, '\0');
	struct str override = str_cut(&rest, '\0');
	struct regex_limits limits = {.match = 10000};
	struct regex_scratch *s;
	struct dict_index *x;
	struct dict_set *set;
	struct diags diags;

	if (size > 65536)
		return 0;
	diags_init(&diags, 10);
	s = regex_scratch_new(&limits);
	set = dict_parse_with("fuzz.dict", text,
	    override.p ? "fuzz.local.dict" : NULL, override, &diags);
	x = dict_index_new(set);
	invariant(points(x, s, rest) == points(x, s, rest));
	points(x, s, text);
	import(text, DICT_IMPORT_GUARDIAN);
	import(text, DICT_IMPORT_CSV);
	dict_index_free(&x);
	dict_free(&set);
	regex_scratch_free(&s);
	diags_fini(&diags);
	return 0;
}
