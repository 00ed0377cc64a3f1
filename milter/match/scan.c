#include "match/scan.h"

#include "match/dict_scan.h"
#include "match/plan.h"
#include "match/run.h"
#include "match/scratch.h"

struct scan {
	struct texts texts;
	struct tag_source source;
	struct run *run;
};

static bool
message_tag(void *context, struct str query, struct str *value_out)
{
	struct header_query q;

	return header_query_parse(query, &q) &&
	       message_header(context, q, value_out);
}

static struct scan *
scan(const struct plan *p, struct scratch *s, struct message *m,
    enum run_extent extent, struct hits *out)
{
	struct arena *a = message_arena(m);
	struct scan *scan = arena_alloc(a, sizeof(*scan));

	if (scan == NULL || !texts_gather(m, &p->queries, &scan->texts))
		return NULL;
	stages_lap(&s->stages, STAGE_texts);
	scan->source = (struct tag_source){.context = m, .header = message_tag};
	scan->run =
	    run_texts(p, s, &scan->texts, &scan->source, a, extent, out);
	if (scan->run == NULL)
		return NULL;
	if (p->dict_index != NULL &&
	    !dict_scan_message(p->dict_index, s->regex, m, out))
		return NULL;
	stages_lap(&s->stages, STAGE_dictionaries);
	return scan;
}

bool
scan_message(const struct plan *p, struct scratch *s, struct message *m,
    struct hits *out)
{
	return scan(p, s, m, RUN_ALL, out) != NULL;
}

struct scan *
scan_begin(const struct plan *p, struct scratch *s, struct message *m,
    struct hits *out)
{
	return scan(p, s, m, RUN_WITHOUT_HELPERS, out);
}

void
scan_ask(struct scan *scan, uint32_t rule)
{
	run_ask(scan->run, rule);
}
