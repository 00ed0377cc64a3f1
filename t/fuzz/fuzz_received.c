/*
 * Received values, one a line, read as consecutive hops.
 */
#include "mail/relay.h"

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What would break the text form of a relay must be gone. */
static void
check(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		invariant(s.p[i] != '\0' && !ascii_is_space(s.p[i]) &&
			  strchr("#[]()<>|", s.p[i]) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_make((const char *)data, size);
	struct received_state state = {0};
	struct arena a;

	arena_init(&a, (size_t)16 << 20);
	for (int n = 0; rest.p != NULL && n < RELAY_HEADERS_MAX; n++) {
		struct relay r;

		if (received_parse(&a, str_cut(&rest, '\n'), &state, &r) !=
		    RECEIVED_RELAY)
			continue;
		check(r.ip);
		check(r.rdns);
		check(r.helo);
		check(r.by);
		check(r.ident);
		check(r.envfrom);
	}
	arena_fini(&a);
	return 0;
}
