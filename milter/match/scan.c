#include "match/scan.h"

#include "match/dict_scan.h"
#include "match/plan.h"
#include "match/run.h"
#include "match/scratch.h"

static bool
message_tag(void *context, struct str query, struct str *value_out)
{
	struct header_query q;

	return header_query_parse(query, &q) &&
	       message_header(context, q, value_out);
}

bool
scan_message(const struct plan *p, struct scratch *s, struct message *m,
    struct hits *out)
{
	struct tag_source source = {.context = m, .header = message_tag};
	struct texts texts;

	if (!texts_gather(m, &p->queries, &texts))
		return false;
	stages_lap(&s->stages, STAGE_texts);
	if (!run_texts(p, s, &texts, &source, message_arena(m), out))
		return false;
	if (p->dict_index != NULL &&
	    !dict_scan_message(p->dict_index, s->regex, m, out))
		return false;
	stages_lap(&s->stages, STAGE_dictionaries);
	return true;
}
