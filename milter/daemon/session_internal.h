/*
 * The session's inside, for the files that share the work: session.c (events),
 * session_idle.c (memory), gather.c (facts), outcome.c (headers, log, evidence,
 * record).
 */
#ifndef POSTERN_DAEMON_SESSION_INTERNAL_H
#define POSTERN_DAEMON_SESSION_INTERNAL_H

#include "daemon/session.h"
#include "daemon/workspace.h"
#include "policy/engine.h"

enum session_state {
	STATE_NEW,
	STATE_CONNECTED,
	STATE_GREETED,
	STATE_MAIL,
	STATE_RCPT,
	STATE_HEADERS,
	STATE_BODY
};

/* Headers of ours that a sender may have forged; counted as they come in. */
enum own_header {
#define OWN_HEADER(id, name) OWN_##id,
#include "daemon/own_header.def"
	OWN_HEADER_COUNT
};

/* One recipient that was refused or put off by us. */
struct refusal {
	struct refusal *next;
	struct str rcpt;
	struct verdict verdict; /* slices in the message arena */
};

struct session {
	const struct server *server;
	enum session_state state;

	struct arena connection;   /* lives as long as the session */
	struct arena message;	   /* reset for each message */
	struct workspace *work;	   /* of its judgement; NULL before and after */
	struct snapshot *snapshot; /* of this message; NULL between */
	struct facts facts;
	struct buf raw; /* heap: headers, blank line, body */
	size_t header_bytes;
	size_t header_count;
	size_t body_bytes; /* received, kept or not */
	bool headers_ended;
	bool broken; /* an event out of order */

	struct rep_lookup *lookup;
	struct dns_set *dns;		   /* that questions are asked of */
	struct dnsbl_lookup *client_lists; /* under way */
	bool client_asked;		   /* once a connection */
	bool client_late;
	struct dns_fact *client_dns; /* answers about the client */
	size_t client_dns_count;
	bool spf_asked;		    /* once a message */
	bool throttle_counted;	    /* the message, not only recipients */
	int64_t store_left_us;	    /* of redis_budget, for this message */
	struct brake_view let_pass; /* in shadow: a brake that did not hold */
	struct str *rcpts;	    /* in the message arena */
	size_t rcpt_size;
	size_t rcpt_tried;
	size_t rcpt_refused_by_mta; /* of these: */
	size_t rcpt_unknown;
	size_t rcpt_not_relayed;
	struct refusal *refusals; /* newest first */
	size_t refusal_count;
	struct str trap; /* recipient that was one; empty: none */
	int own_header[OWN_HEADER_COUNT];
	int64_t mail_us; /* monotonic, when MAIL came */
};

/* ---- session_idle.c: sessions without a connection ---------------------- */

/* All zero, and with memory of its own. NULL only when memory is out. */
struct session *session_take(void);
void session_give(struct session *s);
/* Forgets what came of the message; the memory of a usual one stays. */
void session_empty(struct session *s);

/* ---- gather.c: facts beside the message --------------------------------- */

/* Asks whatever only needs the client's address. Does not wait. */
void gather_start(struct session *s);
/* Waits for the answers within the budgets; facts of the connection and the
 * envelope are complete after. */
void gather_collect(struct session *s);
/* Asks the store whether this recipient is to wait: facts.brake. */
void gather_brake(
    struct session *s, struct str rcpt, const struct verdict *wish);
/* Asks the DNS lists about what the message names and waits for them; the
 * caller's turn is another's meanwhile. */
void gather_message(struct session *s, struct message *m);
void gather_cancel(struct session *s);
/* Our own hosts, local submissions and known users have no reputation. */
bool gather_reputation_wanted(const struct session *s);

/* ---- outcome.c: what follows from a verdict ----------------------------- */

/* A new reference in facts.ref. */
void outcome_new_reference(struct session *s);
/* Header edits of accepted mail. */
void outcome_headers(struct session *s, const struct verdict *v,
    const struct hits *hits, struct session_outcome *out);
/*
 * Counts, logs, reports and records the finished transaction. `v` is the
 * verdict at end of message, or NULL when the transaction ended before.
 */
void outcome_conclude(struct session *s, const struct verdict *v,
    struct message *m, const struct hits *hits);

#endif
