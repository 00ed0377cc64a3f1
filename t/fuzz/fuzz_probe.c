/*
 * The cost probe. A first byte of 0: the rest is what was kept of an earlier
 * load, as an old or foreign file might hold it. Else the rest is a rule file,
 * loaded twice: by what the first load kept the second must come to the same.
 */
#include "base/mem.h"
#include "rule/ruleset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Probing is slow on purpose: a few patterns are enough. */
#define FILE_MAX ((size_t)400)

struct memory {
	struct buf findings;
	bool kept;
};

static bool
recall(void *context, struct str key, struct buf *out)
{
	const struct memory *m = context;

	(void)key;
	if (m->kept)
		buf_add(out, buf_str(&m->findings));
	return m->kept;
}

static void
keep(void *context, struct str key, struct str content)
{
	struct memory *m = context;

	(void)key;
	invariant(!m->kept);
	buf_add(&m->findings, content);
	m->kept = true;
}

static struct ruleset *
load(struct memory *m, struct str text, bool refuse, struct diags *d)
{
	struct probe_memory memory = {recall, keep, m};
	struct ruleset_options o = {.plugins = PLUGINS_LOCAL,
	    .probe_cost = true,
	    .refuse_slow = refuse,
	    .probe_memory = &memory};

	diags_init(d, 100);
	return ruleset_parse("fuzz.cf", text, &o, d);
}

static void
check_same(const struct ruleset *a, const struct ruleset *b)
{
	invariant(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		invariant(a->rules[i].slow == b->rules[i].slow);
		invariant(a->rules[i].invalid == b->rules[i].invalid);
		invariant(a->rules[i].enabled == b->rules[i].enabled);
	}
}

static void
try_rules(struct str text, bool refuse)
{
	struct memory m = {.kept = false};
	struct ruleset *probed, *recalled;
	struct diags first, second;

	buf_init(&m.findings);
	probed = load(&m, text, refuse, &first);
	invariant(m.kept);
	recalled = load(&m, text, refuse, &second);
	check_same(probed, recalled);
	invariant(first.len == second.len && first.errors == second.errors);
	for (size_t i = 0; i < first.len; i++)
		invariant(strcmp(first.v[i].message, second.v[i].message) == 0);
	ruleset_free(&probed);
	ruleset_free(&recalled);
	diags_fini(&first);
	diags_fini(&second);
	buf_fini(&m.findings);
}

static void
try_findings(struct str kept)
{
	struct memory m = {.kept = true};
	struct ruleset *rs;
	struct diags d;

	buf_init(&m.findings);
	buf_add(&m.findings, kept);
	rs = load(&m,
	    STR("body A /(a+)+$/\nmeta B A\nbody C /x/\n"
		"rawbody D /(.*)*x/\nheader E X =~ /a+b+c/\n"),
	    false, &d);
	invariant(rs->count == 5 && !rs->rules[1].slow && !rs->rules[2].slow);
	ruleset_free(&rs);
	diags_fini(&d);
	buf_fini(&m.findings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);

	if (size == 0 || size > FILE_MAX)
		return 0;
	if (data[0] == 0)
		try_findings(str_skip(s, 1));
	else
		try_rules(str_skip(s, 1), data[0] % 2 == 0);
	return 0;
}
