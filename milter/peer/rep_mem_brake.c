/*
 * Greylist and throttle of the in-process store: a table beside the units, with
 * a lock and a file of its own.
 */
#include "base/file.h"
#include "peer/rep_mem.h"

#include <errno.h>
#include <string.h>

#define UNITS_MAX 200000
#define BRAKES_FILE "brakes"
#define BRAKES_FILE_MAX ((size_t)1 << 30)

void
rep_mem_brake(struct rep_store *s, const struct brake_question *q,
    int64_t deadline_us, struct brake_view *out)
{
	struct rep_name name = rep_name_host(&q->client);

	(void)deadline_us;
	brake_table_ask(mem_of(s)->brakes, str_from(name.text), q, out);
}

void
rep_mem_load_brakes(struct mem_store *m)
{
	char *path;
	struct buf b;

	m->brakes = brake_table_new(UNITS_MAX);
	if (m->base.state_dir == NULL)
		return;
	path = file_join(m->base.state_dir, BRAKES_FILE);
	buf_init(&b);
	if (file_read(path, BRAKES_FILE_MAX, &b) == 0)
		brake_table_read(m->brakes, buf_str(&b));
	buf_fini(&b);
	free(path);
}

void
rep_mem_save_brakes(struct mem_store *m)
{
	char *path;
	struct buf b;

	if (m->base.state_dir == NULL)
		return;
	path = file_join(m->base.state_dir, BRAKES_FILE);
	buf_init(&b);
	brake_table_write(m->brakes, &b);
	if (file_replace(path, buf_str(&b), 0600) != 0)
		rep_store_log(
		    &m->base, "reputation: %s: %s", path, strerror(errno));
	buf_fini(&b);
	free(path);
}
