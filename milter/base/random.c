#include "base/random.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

static uint64_t process_seed;
static pthread_once_t process_seed_once = PTHREAD_ONCE_INIT;

void
random_bytes(void *p, size_t len)
{
	char *at = p;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		invariant(n > 0);
		at += n;
		len -= (size_t)n;
	}
}

uint64_t
random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

static void
draw_process_seed(void)
{
	process_seed = random_u64();
}

uint64_t
random_process_seed(void)
{
	pthread_once(&process_seed_once, draw_process_seed);
	return process_seed;
}
