/*
 * postern rep export, import, watch: answers that come in many pieces.
 */
#include "cli/rep.h"

#include "base/file.h"
#include "cli/cli.h"
#include "peer/rep_admin.h"

#include <stdio.h>
#include <time.h>

#define IMPORT_BYTES ((size_t)256 * 1024) /* of one request */
#define IMPORT_MAX ((size_t)1 << 30)
#define WATCH_MS 1000

static void
print_line(void *ctx, struct str line)
{
	(void)ctx;
	printf("%.*s\n", STR_ARG(line));
}

static int
export_pages(const struct rep_source *s)
{
	int64_t from = 0, total = 1;

	while (from < total) {
		struct json *q = rep_request_new("export"), *answer, *list;

		json_set_int(q, "from", from);
		answer = rep_ask(s, q);
		if (answer == NULL || !json_get_bool(answer, "ok", false))
			return rep_finish(answer, "export", false);
		list = json_get(answer, "units");
		for (size_t i = 0; i < json_count(list); i++)
			rep_print_json(json_at(list, i));
		total = json_get_int(answer, "total", 0);
		from = json_get_int(answer, "next", total);
		json_unref(&answer);
	}
	return cli_flush("rep") ? EXIT_GOOD : EXIT_USAGE;
}

int
rep_run_export(const struct rep_source *s)
{
	if (s->store == NULL)
		return export_pages(s);
	if (rep_admin_export(s->store, print_line, NULL) != 0)
		return cli_complain("rep", "the store does not answer; is "
					   "Redis up, and `redis` right?");
	return cli_flush("rep") ? EXIT_GOOD : EXIT_USAGE;
}

/* Lines from `*rest` until the request is large enough. */
static struct json *
next_units(struct str *rest, int64_t *bad)
{
	struct json *list = json_new_array();
	size_t bytes = 0;

	while (rest->len > 0 && bytes < IMPORT_BYTES) {
		struct str line = str_trim(str_cut(rest, '\n'));
		struct json *unit;

		if (line.len == 0)
			continue;
		unit = json_parse(line, NULL);
		bytes += line.len;
		if (unit != NULL)
			json_append(list, unit);
		else
			++*bad;
	}
	return list;
}

int
rep_run_import(const struct rep_source *s, const struct json *like,
    const char *path, bool json)
{
	int64_t good = 0, bad = 0;
	struct buf content;
	struct str rest;
	int rc = EXIT_GOOD;

	buf_init(&content);
	if (file_read(path, IMPORT_MAX, &content) != 0) {
		buf_fini(&content);
		return cli_complain("rep", "cannot read %s", path);
	}
	rest = buf_str(&content);
	while (rc == EXIT_GOOD && rest.len > 0) {
		struct json *q = rep_request_new("import"), *answer;

		json_set_str(q, "by", json_get_str(like, "by"));
		json_set_str(q, "why", json_get_str(like, "why"));
		json_set(q, "units", next_units(&rest, &bad));
		answer = rep_ask(s, q);
		if (answer == NULL || !json_get_bool(answer, "ok", false)) {
			rc = rep_finish(answer, "import", false);
			continue;
		}
		good += json_get_int(answer, "imported", 0);
		bad += json_get_int(answer, "bad", 0);
		json_unref(&answer);
	}
	buf_fini(&content);
	if (rc != EXIT_GOOD)
		return rc;
	if (json)
		printf("{\"ok\":%s,\"imported\":%lld,\"bad\":%lld}\n",
		    bad == 0 ? "true" : "false", (long long)good,
		    (long long)bad);
	else
		printf("%lld units read, %lld lines were none\n",
		    (long long)good, (long long)bad);
	return cli_flush("rep") && bad == 0 ? EXIT_GOOD : EXIT_REFUSED;
}

/* The trail as it grows. */
int
rep_run_watch(const struct rep_source *s, bool json, int64_t rounds)
{
	const struct timespec pause = {
	    .tv_sec = WATCH_MS / 1000, .tv_nsec = WATCH_MS % 1000 * 1000000};
	char after[40] = "";

	for (int64_t n = 0; rounds == 0 || n < rounds; n++) {
		struct json *q = rep_request_new("events"), *answer, *list;

		json_set_str(q, "after", str_from(after));
		answer = rep_ask(s, q);
		if (answer == NULL || !json_get_bool(answer, "ok", false))
			return rep_finish(answer, "events", false);
		list = json_get(answer, "events");
		for (size_t i = 0; i < json_count(list); i++) {
			struct json *e = json_at(list, i);

			if (json)
				rep_print_json(e);
			else
				rep_print_event(e);
			snprintf(after, sizeof(after), "%.*s",
			    STR_ARG(json_get_str(e, "id")));
		}
		json_unref(&answer);
		if (!cli_flush("rep"))
			return EXIT_USAGE;
		if (rounds == 0 || n + 1 < rounds)
			nanosleep(&pause, NULL);
	}
	return EXIT_GOOD;
}
