#include "cli/offline.h"

#include "base/mem.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <errno.h>
#include <unistd.h>

/* ---- configuration and rules -------------------------------------------- */

static void
replace_list(struct string_list *l, const struct option_list *with)
{
	for (size_t i = 0; i < l->len; i++)
		free(l->v[i]);
	free(l->v);
	l->v = mem_array(with->len, sizeof(*l->v));
	l->len = with->len;
	for (size_t i = 0; i < with->len; i++)
		l->v[i] = mem_strdup(with->v[i]);
}

static bool
set_option(
    struct config *c, const char *key, const char *value, struct diags *diags)
{
	struct source_pos pos = {"command line", 0, 0};

	return value == NULL ||
	       config_set(c, str_from(key), str_from(value), pos, diags);
}

struct config *
offline_config(const char *command, const struct offline_options *o)
{
	struct config *c = cli_config_load(command, &o->config);
	struct diags diags;
	bool good;

	if (c == NULL)
		return NULL;
	diags_init(&diags, 0);
	good = set_option(c, "plugins", o->plugins, &diags) &&
	       set_option(c, "score_set", o->score_set, &diags);
	if (o->rules.len > 0)
		replace_list(&c->rules, &o->rules);
	if (good && c->score_set > 3) {
		cli_complain(command, "--score-set wants 0, 1, 2 or 3");
		good = false;
	}
	cli_show_diags(&diags);
	diags_fini(&diags);
	if (!good)
		config_free(&c);
	return c;
}

bool
offline_paths_readable(const char *command, const struct config *c)
{
	for (size_t i = 0; i < c->rules.len; i++) {
		if (access(c->rules.v[i], R_OK) == 0)
			continue;
		cli_complain(command, "%s: %s", c->rules.v[i], strerror(errno));
		return false;
	}
	if (c->rules.len == 0)
		cli_complain(command, "there are no rules: give --rules");
	return c->rules.len > 0;
}

struct snapshot *
offline_snapshot(const struct config *c, const struct offline_options *o,
    bool lint, struct diags *diags)
{
	const struct snapshot_options options = {.config = c,
	    .forced = true,
	    .lint = lint,
	    .no_prefilter = o->no_prefilter};

	return snapshot_build(&options, diags);
}

void
offline_options_fini(struct offline_options *o)
{
	option_list_fini(&o->config.set);
	option_list_fini(&o->rules);
}

/* ---- one message -------------------------------------------------------- */

void
offline_room_init(struct offline_room *room, struct snapshot *s)
{
	arena_init(&room->arena, (size_t)s->config->max_message_memory);
	buf_init(&room->raw);
	room->scratch = scratch_borrow(s->plan);
}

void
offline_room_fini(struct offline_room *room, struct snapshot *s)
{
	scratch_return(s->plan, room->scratch);
	buf_fini(&room->raw);
	arena_fini(&room->arena);
}

/* The body is cut where the daemon would have stopped keeping it. */
static size_t
keep(const struct config *c, struct str raw, bool *truncated)
{
	size_t end = str_find(raw, STR("\n\n"));
	size_t crlf = str_find(raw, STR("\n\r\n"));
	size_t head = end < crlf       ? end + 2
		      : crlf < raw.len ? crlf + 3
				       : raw.len;

	if (raw.len - head <= c->max_body_bytes)
		return raw.len;
	*truncated = true;
	return head + (size_t)c->max_body_bytes;
}

struct message *
offline_message(const struct snapshot *s, struct offline_room *room,
    struct facts *facts, bool has_envelope)
{
	struct str raw;

	/* What comes with an envelope came over a wire, where line ends are no
	 * content; a file shows what it holds. */
	if (has_envelope)
		room->raw.len = message_canonical(room->raw.p, room->raw.len);
	raw = buf_str(&room->raw);
	raw.len = keep(s->config, raw, &facts->truncated);
	return message_new(&room->arena, &s->mail,
	    has_envelope ? &facts->envelope : NULL, facts->now_ms, raw);
}

/*
 * Every recipient as at RCPT: those before it in the message are known. Without
 * recipients the connection and the sender are judged by themselves. True: all
 * were refused, `out` holds the first refusal.
 */
static bool
judge_recipients(const struct snapshot *s, struct offline_room *room,
    struct offline_result *r)
{
	struct envelope *e = &r->facts.envelope;
	size_t count = e->rcpt_count ? e->rcpt_count : 1, refused = 0;
	const struct str *rcpts = e->rcpts;
	struct str nobody = STR_NONE, *taken;

	taken = arena_array(&room->arena, count, sizeof(*taken));
	r->rcpts = arena_array(&room->arena, count, sizeof(*r->rcpts));
	if (taken == NULL || r->rcpts == NULL)
		return false;
	r->rcpt_names = rcpts;
	r->rcpt_count = e->rcpt_count;
	e->rcpts = taken;
	if (e->rcpt_count == 0)
		rcpts = &nobody;
	e->rcpt_count = 0;
	for (size_t i = 0; i < count; i++) {
		engine_judge_recipient(
		    s, &r->facts, rcpts[i], &room->arena, &r->rcpts[i]);
		if (verdict_refuses(r->rcpts[i].action)) {
			if (refused++ == 0)
				r->verdict = r->rcpts[i];
		} else if (rcpts != &nobody) {
			taken[e->rcpt_count++] = rcpts[i];
		}
	}
	r->refused = refused == count;
	return r->refused;
}

void
offline_judge_envelope(const struct snapshot *s, struct offline_room *room,
    const struct facts *facts, struct offline_result *out)
{
	*out = (struct offline_result){.facts = *facts};
	if (!judge_recipients(s, room, out))
		out->verdict = (struct verdict){.action = VERDICT_ACCEPT};
}

void
offline_judge(const struct snapshot *s, struct offline_room *room,
    const struct facts *facts, bool has_envelope, struct offline_result *out)
{
	*out = (struct offline_result){.facts = *facts};
	if (has_envelope && judge_recipients(s, room, out))
		return;
	out->message = offline_message(s, room, &out->facts, has_envelope);
	if (out->message == NULL)
		engine_judge_failed(
		    s->config, &out->facts, &room->arena, &out->verdict);
	else
		engine_judge_message(s, room->scratch, &out->facts,
		    out->message, &room->arena, &out->verdict, &out->hits);
}
