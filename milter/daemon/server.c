#include "daemon/server.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/metrics.h"
#include "policy/dns_conf.h"

#include <pthread.h>
#include <stdlib.h>

/* A start is not held up longer by lists that do not answer. */
#define SETTLE_US ((int64_t)1500000)

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
    "state_dir", "drain_timeout", "redis*", "rep_*", "dns_servers",
    "dns_timeout", "dns_cache", "dnsbl", "max_parallel"};

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
	struct config *config;

	pthread_mutex_lock(&reload_lock);
	former = live_take(s->live);
	config = server_read_config(s->config_path, s->overrides, diags);
	o.config = config;
	o.former = former;
	if (diags->errors == 0 || forced)
		next = snapshot_build(&o, diags);
	if (next != NULL) {
		compare_at_start(s->config, config, diags);
		next->serial = former->serial + 1;
		next->built_ms = clock_wall_ms();
	}
	snapshot_unref(&former);
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
server_open_dns(struct server *s, void (*log)(void *ctx, const char *line),
    struct diags *diags)
{
	const struct config *c = s->config;

	if (c->dnsbl.len == 0 && !c->spf)
		return true;
	s->dns = dns_conf_open(c, diags);
	if (s->dns == NULL)
		return false;
	s->lists =
	    dns_conf_lists(c, s->dns, log, clock_mono_us() + SETTLE_US, diags);
	return diags->errors == 0;
}

void
server_close_dns(struct server *s)
{
	dnsbl_free(&s->lists);
	dns_close(&s->dns);
}
