/*
 * One SMTP session: what the MTA told so far, and what is decided.
 *
 * Knows nothing of libmilter: milter.c translates. Callbacks of a session come
 * one at a time but on changing threads, so everything is in the struct.
 * Nothing of one message is seen by the next: the message arena is reset, the
 * envelope cut back to the connection, and the snapshot given back.
 *
 * A state table (session_state.def) says which event may come when. Connection,
 * greeting and RCPT may wait for the reputation store, never beyond
 * `redis_budget`; nothing else blocks.
 */
#ifndef POSTERN_DAEMON_SESSION_H
#define POSTERN_DAEMON_SESSION_H

#include "daemon/server.h"
#include "policy/verdict.h"

struct session;

/* The connection as the MTA describes it; slices are copied. */
struct session_peer {
	const struct ip *client; /* NULL: none (stdin submission) */
	uint16_t port;
	struct str name;	/* verified name or [address] */
	struct str ptr;		/* {client_ptr} */
	struct str resolve;	/* {client_resolve}: OK FAIL TEMP FORGED */
	struct str mta_name;	/* {j} */
	struct str daemon_name; /* {daemon_name} */
};

/* What the MTA says about itself and the message at MAIL and later. */
struct session_macros {
	struct str queue_id;
	struct str auth_user;
	struct str tls_version;
};

/* NULL only when memory is out. */
struct session *session_new(const struct server *server);
/* The memory is kept for the next session, or given back. */
void session_free(struct session **s);

void session_connect(struct session *s, const struct session_peer *peer);
void session_helo(struct session *s, struct str helo);
void session_mail(
    struct session *s, struct str sender, const struct session_macros *macros);
/* The queue id becomes known at different steps; the last one counts. */
void session_queue_id(struct session *s, struct str queue_id);
/* Verdict for this recipient; `*out` is valid until the next event. */
void session_recipient(struct session *s, struct str rcpt, struct verdict *out);
/* A recipient the MTA refused itself: counted, never judged. */
void session_recipient_refused(
    struct session *s, struct str rcpt, enum recipient_refusal why);

/* `value` without the first blank when `blank` says one is to be put back. */
void session_header(
    struct session *s, struct str name, struct str value, bool blank);
void session_end_of_headers(struct session *s);
/* False: enough was seen, the rest need not be sent. */
bool session_body(struct session *s, struct str chunk);

/* One header line for accepted mail. */
struct session_header_edit {
	const char *name;
	struct str value; /* empty: delete occurrence `index` */
	int index;	  /* from 1; 0: insert on top */
};

struct session_outcome {
	struct verdict verdict;
	const struct session_header_edit *edits; /* in order */
	size_t edit_count;
	struct str quarantine_reason;
};

/* The final judgement; `*out` is valid until session_done(). */
void session_finish(struct session *s, struct session_outcome *out);
/* The outcome was told to the MTA. */
void session_done(struct session *s);
void session_abort(struct session *s);
/* libmilter refused something we asked for; logged with the session. */
void session_complain(struct session *s, const char *what);

#endif
