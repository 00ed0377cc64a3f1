/*
 * An Authentication-Results value: what is read of it lies in the value or the
 * arena, and the server is the same by both ways.
 */
#include "mail/authres.h"

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value = str_make((const char *)data, size);
	struct authres r;
	struct arena a;
	volatile char last;

	arena_init(&a, (size_t)4 << 20);
	if (authres_parse(&a, value, &r)) {
		invariant(r.authserv_id.len > 0);
		invariant(r.count <= AUTHRES_RESULTS_MAX);
		for (size_t i = 0; i < r.count; i++) {
			struct authres_result *one = &r.results[i];

			invariant(one->method.len > 0 && one->result.len > 0);
			for (size_t k = 0; k < one->property_count; k++) {
				struct str v = one->properties[k].value;

				if (v.len > 0)
					last = v.p[v.len - 1];
			}
		}
	}
	(void)last;
	authres_server(value);
	arena_fini(&a);
	return 0;
}
