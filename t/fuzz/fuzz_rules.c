/* Any bytes as a rule file: loads, lints, judges its metas, never crashes. */
#include "base/mem.h"
#include "rule/dump.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset_options o = {
	    .plugins = PLUGINS_LOCAL, .lint = true, .run_tests = true};
	struct diags d;
	struct ruleset *rs;
	double *value;

	if (size > 65536)
		return 0;
	diags_init(&d, 10);
	rs = ruleset_parse(
	    "fuzz.cf", str_make((const char *)data, size), &o, &d);
	value = mem_array(rs->count + 1, sizeof(*value));
	for (size_t i = 0; i < rs->count; i++) {
		struct json *j = rule_dump(&rs->rules[i], 0);

		json_unref(&j);
		value[i] = (double)(i % 3);
	}
	ruleset_eval_metas(rs, value, NULL);
	free(value);
	ruleset_free(&rs);
	diags_fini(&d);
	return 0;
}
