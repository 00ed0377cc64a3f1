/*
 * libmilter adapters. Facts behind the choices: a reply set by smfi_setreply()
 * sticks to the session, so it is set only right before its REJECT or TEMPFAIL;
 * ACCEPT at RCPT would end filtering for all recipients, so it is never used;
 * what is answered at RCPT and at the end of the message only needs no reply
 * before, where the MTA offers that.
 */
#include "daemon/milter.h"

#include "base/ip.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/session.h"

#include <errno.h>
#include <grp.h>
#include <libmilter/mfapi.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* libmilter drops a reply line longer than this. */
#define REPLY_MAX ((size_t)980)

/* libmilter hands no context to its first callback. */
static const struct server *the_server;
static char *socket_path; /* of a Unix socket */
static _Atomic size_t open_sessions;

/* What negotiation found out, kept beside the session. */
struct door {
	struct session *session;
	bool header_blank;   /* values come with their leading space */
	unsigned long quiet; /* SMFIP_NR_*: steps the MTA wants no reply to */
	bool skip;	     /* SMFIS_SKIP is understood */
};

static struct door *
door_of(SMFICTX *ctx)
{
	return smfi_getpriv(ctx);
}

static struct str
macro(SMFICTX *ctx, const char *name)
{
	return str_from(smfi_getsymval(ctx, (char *)(uintptr_t)name));
}

/* ---- verdict to libmilter ----------------------------------------------- */

/* "554 5.7.1 text" as libmilter wants it; % doubled (it is a format there). */
static bool
set_reply(SMFICTX *ctx, struct str reply)
{
	struct str rest = reply, code = str_word(&rest),
		   xcode = str_word(&rest);
	struct str text = str_trim(rest);
	char c[8], x[16], t[REPLY_MAX + 1];
	size_t n = 0;

	if (code.len >= sizeof(c) || xcode.len >= sizeof(x))
		return false;
	memcpy(c, code.p, code.len);
	c[code.len] = '\0';
	memcpy(x, xcode.p, xcode.len);
	x[xcode.len] = '\0';
	for (size_t i = 0; i < text.len && n + 2 < sizeof(t); i++) {
		if (text.p[i] == '%')
			t[n++] = '%';
		t[n++] = text.p[i];
	}
	t[n] = '\0';
	return smfi_setreply(ctx, c, x, t) == MI_SUCCESS;
}

static sfsistat
answer(SMFICTX *ctx, const struct verdict *v)
{
	switch (v->action) {
	case VERDICT_REJECT:
	case VERDICT_TEMPFAIL:
		if (v->reply.len > 0 && !set_reply(ctx, v->reply))
			session_complain(door_of(ctx)->session,
			    "the MTA library refused the reply text");
		return v->action == VERDICT_REJECT ? SMFIS_REJECT
						   : SMFIS_TEMPFAIL;
	case VERDICT_DISCARD:
		return SMFIS_DISCARD;
	case VERDICT_ACCEPT:
	case VERDICT_TAG:
	case VERDICT_QUARANTINE:
		break;
	}
	return SMFIS_CONTINUE;
}

/* Steps that have only one answer. A body step may also say "enough". */
#define QUIET_STEPS                                                      \
	(SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_DATA | \
	    SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)

static sfsistat
no_answer(const struct door *door, unsigned long step)
{
	return door->quiet & step ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* ---- callbacks ---------------------------------------------------------- */

#define WANTED_ACTIONS (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE)

static void
ask_for_macros(SMFICTX *ctx)
{
	static const struct {
		int stage;
		const char *names;
	} wanted[] = {
	    {SMFIM_CONNECT, "j {daemon_name} {client_addr} {client_name} "
			    "{client_ptr} {client_resolve}"},
	    {SMFIM_HELO, "{tls_version}"},
	    {SMFIM_ENVFROM, "i {auth_authen} {tls_version} {mail_addr}"},
	    {SMFIM_ENVRCPT, "i {rcpt_mailer} {rcpt_host} {rcpt_addr}"},
	    {SMFIM_DATA, "i"},
	    {SMFIM_EOM, "i {msg_id}"},
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		smfi_setsymlist(
		    ctx, wanted[i].stage, (char *)(uintptr_t)wanted[i].names);
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long offered_actions,
    unsigned long offered_steps, unsigned long unused2, unsigned long unused3,
    unsigned long *actions, unsigned long *steps, unsigned long *out2,
    unsigned long *out3)
{
	struct door *door = calloc(1, sizeof(*door));

	(void)unused2;
	(void)unused3;
	if (door != NULL)
		door->session = session_new(the_server);
	if (door == NULL || door->session == NULL ||
	    smfi_setpriv(ctx, door) != MI_SUCCESS) {
		if (door != NULL)
			session_free(&door->session);
		free(door);
		return SMFIS_REJECT; /* the MTA falls back to its default */
	}
	atomic_fetch_add(&open_sessions, 1);
	door->header_blank = (offered_steps & SMFIP_HDR_LEADSPC) != 0;
	door->quiet = offered_steps & QUIET_STEPS;
	door->skip = (offered_steps & SMFIP_SKIP) != 0 &&
		     (door->quiet & SMFIP_NR_BODY) == 0;
	ask_for_macros(ctx);
	*actions = offered_actions & WANTED_ACTIONS;
	*steps =
	    offered_steps & (SMFIP_NOUNKNOWN | SMFIP_RCPT_REJ |
				SMFIP_HDR_LEADSPC | SMFIP_SKIP | QUIET_STEPS);
	*out2 = *out3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	struct door *door = door_of(ctx);
	struct ip client;
	bool known = ip_from_sockaddr(address, &client);
	struct session_peer peer = {.client = known ? &client : NULL,
	    .port = ip_port_of_sockaddr(address),
	    .name = str_from(host),
	    .ptr = macro(ctx, "{client_ptr}"),
	    .resolve = macro(ctx, "{client_resolve}"),
	    .mta_name = macro(ctx, "j"),
	    .daemon_name = macro(ctx, "{daemon_name}")};

	session_connect(door->session, &peer);
	return no_answer(door, SMFIP_NR_CONN);
}

static sfsistat
on_helo(SMFICTX *ctx, char *helo)
{
	session_helo(door_of(ctx)->session, str_from(helo));
	return no_answer(door_of(ctx), SMFIP_NR_HELO);
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct session_macros macros = {.queue_id = macro(ctx, "i"),
	    .auth_user = macro(ctx, "{auth_authen}"),
	    .tls_version = macro(ctx, "{tls_version}")};

	session_mail(door_of(ctx)->session, str_from(argv[0]), &macros);
	return no_answer(door_of(ctx), SMFIP_NR_MAIL);
}

static sfsistat
on_recipient(SMFICTX *ctx, char **argv)
{
	struct session *s = door_of(ctx)->session;
	struct verdict verdict;

	session_queue_id(s, macro(ctx, "i"));
	/* The MTA has refused it already and only lets us know. */
	if (str_is(macro(ctx, "{rcpt_mailer}"), "error")) {
		session_recipient_refused(s, str_from(argv[0]),
		    recipients_classify(
			macro(ctx, "{rcpt_host}"), macro(ctx, "{rcpt_addr}")));
		return SMFIS_CONTINUE;
	}
	session_recipient(s, str_from(argv[0]), &verdict);
	return answer(ctx, &verdict);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	session_queue_id(door_of(ctx)->session, macro(ctx, "i"));
	return no_answer(door_of(ctx), SMFIP_NR_DATA);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct door *door = door_of(ctx);

	session_header(door->session, str_from(name), str_from(value),
	    !door->header_blank);
	return no_answer(door, SMFIP_NR_HDR);
}

static sfsistat
on_end_of_headers(SMFICTX *ctx)
{
	struct door *door = door_of(ctx);

	session_queue_id(door->session, macro(ctx, "i"));
	session_end_of_headers(door->session);
	return no_answer(door, SMFIP_NR_EOH);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
	struct door *door = door_of(ctx);
	bool more = session_body(door->session, str_make((char *)chunk, len));

	return !more && door->skip ? SMFIS_SKIP
				   : no_answer(door, SMFIP_NR_BODY);
}

static void
edit_header(SMFICTX *ctx, const struct session_header_edit *e)
{
	char *name = (char *)(uintptr_t)e->name;
	char *value = (char *)(uintptr_t)e->value.p;
	struct door *door = door_of(ctx);
	struct buf spaced;
	int rc;

	if (e->index > 0) {
		rc = smfi_chgheader(ctx, name, e->index, NULL);
	} else if (door->header_blank) {
		/* Having asked for leading blanks, we write them too. */
		buf_init(&spaced);
		buf_printf(&spaced, " %s", value);
		rc = smfi_insheader(
		    ctx, 0, name, (char *)(uintptr_t)buf_cstr(&spaced));
		buf_fini(&spaced);
	} else {
		rc = smfi_insheader(ctx, 0, name, value);
	}
	if (rc != MI_SUCCESS)
		session_complain(door->session, "a header edit was refused");
}

static sfsistat
on_end_of_message(SMFICTX *ctx)
{
	struct door *door = door_of(ctx);
	struct session_outcome outcome;
	sfsistat status;

	session_queue_id(door->session, macro(ctx, "i"));
	session_finish(door->session, &outcome);
	for (size_t i = 0; i < outcome.edit_count; i++)
		edit_header(ctx, &outcome.edits[i]);
	if (outcome.verdict.action == VERDICT_QUARANTINE &&
	    smfi_quarantine(
		ctx, (char *)(uintptr_t)(outcome.quarantine_reason.p
					     ? outcome.quarantine_reason.p
					     : "postern")) != MI_SUCCESS)
		session_complain(door->session, "quarantine was refused");
	status = answer(ctx, &outcome.verdict);
	session_done(door->session);
	return status;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct door *door = door_of(ctx);

	if (door != NULL)
		session_abort(door->session);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct door *door = door_of(ctx);

	if (door == NULL)
		return SMFIS_CONTINUE;
	session_free(&door->session);
	free(door);
	smfi_setpriv(ctx, NULL);
	atomic_fetch_sub(&open_sessions, 1);
	return SMFIS_CONTINUE;
}

/* ---- the listen socket -------------------------------------------------- */

static bool
valid_port(struct str s)
{
	uint64_t port;

	return str_to_u64(s, &port) && port > 0 && port < 65536;
}

static char *
inet_spec(struct str scheme, struct str rest, const char **why_out)
{
	size_t at = str_find_char(rest, '@');
	size_t colon = str_rfind_char(rest, ':');
	struct str port = rest, host = STR_NONE;

	if (at != STR_NPOS) {
		port = str_head(rest, at);
		host = str_skip(rest, at + 1);
	} else if (colon != STR_NPOS) {
		host = str_head(rest, colon);
		port = str_skip(rest, colon + 1);
	}
	if (!valid_port(port)) {
		*why_out = "the port must be a number from 1 to 65535";
		return NULL;
	}
	if (host.len == 0) {
		*why_out = "name the address to listen on (127.0.0.1, or "
			   "0.0.0.0 for all)";
		return NULL;
	}
	return mem_printf(
	    "%.*s:%.*s@%.*s", STR_ARG(scheme), STR_ARG(port), STR_ARG(host));
}

/* sun_path less its NUL, less what libmilter keeps for itself */
#define SOCKET_PATH_MAX 106

char *
milter_listen_spec(const char *listen, const char **why_out)
{
	struct str rest = str_from(listen), scheme;

	if (rest.len > 0 && rest.p[0] == '/') {
		scheme = STR("unix");
	} else {
		scheme = str_cut(&rest, ':');
		if (str_is(scheme, "local"))
			scheme = STR("unix");
	}
	if (str_is(scheme, "unix")) {
		if (rest.len == 0 || rest.p[0] != '/') {
			*why_out = "the socket needs an absolute path";
			return NULL;
		}
		if (rest.len > SOCKET_PATH_MAX) {
			*why_out = "the socket's path is longer than 106 bytes";
			return NULL;
		}
		return mem_printf("unix:%.*s", STR_ARG(rest));
	}
	if (str_is(scheme, "inet") || str_is(scheme, "inet6"))
		return inet_spec(scheme, rest, why_out);
	*why_out = "expected unix:/path, inet:port@host or inet6:port@host";
	return NULL;
}

static bool
parse_mode(const char *text, unsigned long *mode_out)
{
	char *end;

	*mode_out = strtoul(text, &end, 8);
	return text[0] >= '0' && text[0] <= '7' && *end == '\0' &&
	       *mode_out <= 0777;
}

bool
milter_check(const struct config *c)
{
	const char *why = "";
	char *spec = milter_listen_spec(c->listen, &why);
	unsigned long mode;
	bool good = spec != NULL;

	free(spec);
	if (!good)
		log_error("listen = %s: %s", c->listen, why);
	if (!parse_mode(c->listen_mode, &mode)) {
		log_error("listen_mode = %s: expected an octal mode such as "
			  "0660",
		    c->listen_mode);
		good = false;
	}
	if (c->listen_group[0] != '\0' && getgrnam(c->listen_group) == NULL) {
		log_error("listen_group = %s: no such group", c->listen_group);
		good = false;
	}
	return good;
}

/* Mode and group of the socket; false: logged. */
static bool
own_socket(const struct config *c)
{
	const struct group *g;
	unsigned long mode;

	if (!parse_mode(c->listen_mode, &mode) ||
	    chmod(socket_path, (mode_t)mode) != 0) {
		log_error("cannot set mode %s on %s: %s", c->listen_mode,
		    socket_path, strerror(errno));
		return false;
	}
	if (c->listen_group[0] == '\0')
		return true;
	g = getgrnam(c->listen_group);
	if (g == NULL || chown(socket_path, (uid_t)-1, g->gr_gid) != 0) {
		log_error("cannot give %s to group %s: %s", socket_path,
		    c->listen_group, g ? strerror(errno) : "no such group");
		return false;
	}
	return true;
}

static struct smfiDesc description = {
    .xxfi_name = (char *)(uintptr_t) "postern",
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = WANTED_ACTIONS,
    .xxfi_connect = on_connect,
    .xxfi_helo = on_helo,
    .xxfi_envfrom = on_mail,
    .xxfi_envrcpt = on_recipient,
    .xxfi_header = on_header,
    .xxfi_eoh = on_end_of_headers,
    .xxfi_body = on_body,
    .xxfi_eom = on_end_of_message,
    .xxfi_abort = on_abort,
    .xxfi_close = on_close,
    .xxfi_data = on_data,
    .xxfi_negotiate = on_negotiate,
};

void
milter_close_door(void)
{
	if (socket_path != NULL)
		(void)unlink(socket_path);
}

bool
milter_open(const struct server *server)
{
	const char *why = "";
	char *spec = milter_listen_spec(server->config->listen, &why);
	mode_t before;
	bool good;

	the_server = server;
	if (spec == NULL) {
		log_error("listen = %s: %s", server->config->listen, why);
		return false;
	}
	if (strncmp(spec, "unix:", 5) == 0)
		socket_path = mem_strdup(spec + 5);
	/* Nobody but us until mode and group are set. */
	before = umask(0177);
	good = smfi_register(description) == MI_SUCCESS &&
	       smfi_setconn(spec) == MI_SUCCESS &&
	       smfi_opensocket(1) == MI_SUCCESS;
	umask(before);
	if (!good)
		log_error("cannot listen on %s: %s. Is the directory there and "
			  "may this user write to it?",
		    spec, errno ? strerror(errno) : "refused by libmilter");
	free(spec);
	if (good && socket_path != NULL && !own_socket(server->config)) {
		milter_close_door();
		return false;
	}
	return good;
}

int
milter_serve(void)
{
	return smfi_main();
}

size_t
milter_sessions(void)
{
	return atomic_load(&open_sessions);
}
