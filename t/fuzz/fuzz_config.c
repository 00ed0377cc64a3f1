/*
 * Settings and facts: any bytes as a configuration, and as recorded facts. What
 * was read can be shown, checked and written again.
 */
#include "policy/facts.h"
#include "policy/guard.h"
#include "policy/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
config(struct str text)
{
	struct diags diags;
	struct config *c, *copy;
	struct guard *g;
	struct reply_input in = {
	    .class = CLASS_SENDER, .action = VERDICT_REJECT, .text = text};
	struct arena a;

	diags_init(&diags, 0);
	arena_init(&a, 1 << 20);
	c = config_parse("fuzz", text, &diags);
	copy = config_copy(c);
	g = guard_new(c, &diags);
	reply_lint(c, &diags);
	reply_format(c, &in, &a);
	guard_threshold(g, text);
	guard_is_role(g, text);
	guard_free(&g);
	config_free(&copy);
	config_free(&c);
	arena_fini(&a);
	diags_fini(&diags);
}

static void
facts(struct str text)
{
	struct json *j = json_parse(text, NULL), *again;
	struct facts f = {0};
	struct arena a;
	const char *why;

	arena_init(&a, 1 << 16);
	if (j != NULL && facts_from_json(j, &a, &f, &why)) {
		again = facts_to_json(&f);
		json_unref(&again);
	}
	json_unref(&j);
	arena_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);

	config(text);
	facts(text);
	return 0;
}
