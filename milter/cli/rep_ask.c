/*
 * Whom postern rep asks: the store itself, or the daemon about its own.
 */
#include "cli/rep.h"

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/control_client.h"
#include "peer/rep_admin.h"
#include "policy/rep_conf.h"

#include <stdio.h>
#include <stdlib.h>

static void
show_store_line(void *ctx, const char *line)
{
	(void)ctx;
	cli_complain("rep", "%s", line);
}

bool
rep_read_model(const struct config *c, struct rep_settings *out)
{
	struct diags diags;
	bool good;

	diags_init(&diags, 0);
	good = rep_conf_read(c, out, &diags);
	cli_show_diags(&diags);
	diags_fini(&diags);
	return good;
}

bool
rep_source_open(struct rep_source *s, const struct config *c)
{
	struct rep_settings model;
	struct rep_store_options o = {.url = c->redis,
	    .prefix = c->redis_prefix,
	    .settings = &model,
	    .budget_ms = (int)c->redis_budget,
	    .log = show_store_line};
	char *error = NULL;

	s->config = c;
	s->store = NULL;
	if (c->redis[0] == '\0' || strcmp(c->redis, "none") == 0)
		return true;
	if (!rep_read_model(c, &model))
		return false;
	s->store = rep_store_open(&o, &error);
	if (s->store == NULL)
		cli_complain("rep", "%s", error ? error : "cannot open");
	free(error);
	return s->store != NULL;
}

/* Takes `request`. NULL after a complaint. */
struct json *
rep_ask(const struct rep_source *s, struct json *request)
{
	struct json *answer;
	char *error = NULL;

	if (s->store != NULL) {
		answer = rep_admin_command(s->store, request);
		json_unref(&request);
		return answer;
	}
	json_set_str(request, "command", STR("rep"));
	answer = control_ask(
	    s->config->control, request, CONTROL_TIMEOUT_MS, &error);
	if (answer == NULL)
		cli_complain("rep", "%s", error);
	free(error);
	return answer;
}

void
rep_print_json(const struct json *j)
{
	struct buf out;

	buf_init(&out);
	json_format(j, 0, &out);
	printf("%s\n", buf_cstr(&out));
	buf_fini(&out);
}

/* Shows the answer or its complaint. Takes it. */
int
rep_finish(struct json *answer, const char *verb, bool json)
{
	bool good;

	if (answer == NULL)
		return EXIT_USAGE;
	good = json_get_bool(answer, "ok", false);
	if (json)
		rep_print_json(answer);
	else if (good)
		rep_print(verb, answer, clock_wall_ms());
	else
		cli_complain(
		    "rep", "%.*s", STR_ARG(json_get_str(answer, "error")));
	json_unref(&answer);
	if (!cli_flush("rep"))
		return EXIT_USAGE;
	return good ? EXIT_GOOD : EXIT_REFUSED;
}

struct json *
rep_request_new(const char *verb)
{
	struct json *j = json_new_object();

	json_set_str(j, "verb", str_from(verb));
	return j;
}
