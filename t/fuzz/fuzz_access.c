/*
 * Any bytes as an access list, ours or one of Postfix's, and as the question
 * behind a NUL: loads, answers, and the answer is one of the list.
 */
#include "base/mem.h"
#include "rule/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const struct access_set *set, struct regex_scratch *s, struct str key)
{
	struct ip ip = {{0}};
	struct access_question q = {.key = key, .ip = &ip, .now_ms = 1};

	memcpy(ip.byte, key.p, key.len < 16 ? key.len : 16);
	for (int kind = 0; kind < ACCESS_KIND_COUNT; kind++) {
		struct access_answer answer;
		struct arena a;

		q.kind = (enum access_kind)kind;
		arena_init(&a, (size_t)1024 * 1024);
		access_find(set, s, &q, &a, &answer);
		invariant(answer.len <= ACCESS_MATCHES_MAX);
		invariant(answer.text.len <= 65536);
		for (size_t i = 0; i < answer.len; i++)
			invariant(answer.v[i].entry->kind == q.kind);
		arena_fini(&a);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"cidr", "pcre", "hash"};
	struct str key = str_make((const char *)data, size);
	struct str text = str_cut(&key, '\0');
	struct regex_limits limits = {.match = 10000};
	struct regex_scratch *s;
	struct access_set *set;
	struct diags diags;

	if (size > 65536)
		return 0;
	if (key.p == NULL)
		key = STR("a.example.org");
	diags_init(&diags, 10);
	s = regex_scratch_new(&limits);
	set = access_parse("fuzz", text, &diags);
	ask(set, s, key);
	access_free(&set);
	for (size_t i = 0; i < 3; i++) {
		set = access_parse_postfix("fuzz", types[i],
		    (enum access_kind)(size % ACCESS_KIND_COUNT), text, &diags);
		ask(set, s, key);
		access_free(&set);
	}
	regex_scratch_free(&s);
	diags_fini(&diags);
	return 0;
}
