#include "daemon/server.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/metrics.h"

#include <pthread.h>
#include <stdlib.h>

struct config *
server_read_config(
    const char *path, const struct string_list *overrides, struct diags *diags)
{
	struct config *c = config_load(path, diags);

	for (size_t i = 0; i < overrides->len; i++) {
		struct str value = str_from(overrides->v[i]);
		struct str key = str_trim(str_cut(&value, '='));
		struct source_pos pos = {.file = "-o"};

		if (value.p == NULL)
			diag_add(diags, SEVERITY_ERROR, pos,
			    "\"%s\" is not key=value", overrides->v[i]);
		else
			config_set(c, key, str_trim(value), pos, diags);
	}
	return c;
}

/* Read at the start only; a * stands for what goes on. */
static const char *const at_start[] = {"listen*", "control", "user", "log*",
    "state_dir", "drain_timeout", "redis*", "rep_*", "max_parallel"};

static bool
is_at_start(const char *name)
{
	for (size_t i = 0; i < sizeof(at_start) / sizeof(at_start[0]); i++) {
		struct str pattern = str_from(at_start[i]);

		if (str_ends(pattern, STR("*"))
			? str_starts(str_from(name),
			      str_head(pattern, pattern.len - 1))
			: str_is(pattern, name))
			return true;
	}
	return false;
}

/* Says which changes have to wait. */
static void
compare_at_start(
    const struct config *old, const struct config *new, struct diags *diags)
{
	size_t count;
	const struct config_row *row = config_rows(&count);
	struct buf before, after;

	buf_init(&before);
	buf_init(&after);
	for (size_t i = 0; i < count; i++) {
		if (!is_at_start(row[i].name))
			continue;
		buf_clear(&before);
		buf_clear(&after);
		config_format(old, row[i].name, &before);
		config_format(new, row[i].name, &after);
		if (!str_eq(buf_str(&before), buf_str(&after)))
			diag_add(diags, SEVERITY_WARNING,
			    config_where(new, row[i].name),
			    "%s changes at the next start, not at a reload",
			    row[i].name);
	}
	buf_fini(&before);
	buf_fini(&after);
}

bool
server_reload(struct server *s, bool forced, struct diags *diags)
{
	static pthread_mutex_t reload_lock = PTHREAD_MUTEX_INITIALIZER;
	struct snapshot_options o = {.forced = forced, .tidy_cache = true};
	struct snapshot *next = NULL, *former;
	struct dns_set *dns = NULL;
	struct config *config;

	pthread_mutex_lock(&reload_lock);
	former = live_take(s->live);
	config = server_read_config(s->config_path, s->overrides, diags);
	o.config = config;
	o.former = former;
	if (diags->errors == 0 || forced)
		next = snapshot_build(&o, diags);
	if (next != NULL)
		dns = dns_live_prepare(s->dns, config, diags);
	if (dns == NULL && !forced)
		snapshot_unref(&next);
	if (next != NULL) {
		compare_at_start(s->config, config, diags);
		next->serial = former->serial + 1;
		next->built_ms = clock_wall_ms();
	}
	snapshot_unref(&former);
	if (dns != NULL && next != NULL)
		dns_live_swap(s->dns, dns);
	if (next != NULL)
		live_swap(s->live, next);
	config_free(&config);
	pthread_mutex_unlock(&reload_lock);
	if (next != NULL)
		metric_count(reloads);
	else
		metric_count(reload_failures);
	return next != NULL;
}

bool
server_open_dns(struct server *s, dns_log_fn *log, struct diags *diags)
{
	struct dns_set *first;

	s->dns = dns_live_new(log);
	first = dns_live_prepare(s->dns, s->config, diags);
	if (first == NULL)
		return false;
	dns_live_swap(s->dns, first);
	return true;
}
