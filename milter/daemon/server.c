#include "daemon/server.h"

#include "base/log.h"
#include "daemon/metrics.h"

#include <pthread.h>

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

bool
server_reload(struct server *s, bool forced, struct diags *diags)
{
	static pthread_mutex_t reload_lock = PTHREAD_MUTEX_INITIALIZER;
	struct snapshot_options o = {.forced = forced};
	struct snapshot *next = NULL, *former;
	struct config *config;

	pthread_mutex_lock(&reload_lock);
	former = live_take(s->live);
	config = server_read_config(s->config_path, s->overrides, diags);
	o.config = config;
	o.former = former;
	if (diags->errors == 0 || forced)
		next = snapshot_build(&o, diags);
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
