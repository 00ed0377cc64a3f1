/*
 * Greylist and throttle: what slows down a client whose standing is not sure
 * (doc/replies.md).
 *
 * Greylist: a pair of sender and recipient that a unit was not seen with has to
 * come again after `grey_delay_ms`; once a few pairs did, the unit has proved
 * that it keeps a queue and passes. Throttle: so many messages and recipients
 * of a unit in an interval, refilled evenly. Pure: time comes with the
 * question. The same arithmetic runs inside Redis (brake_script());
 * t/unit/peer_brake.c holds both against each other.
 */
#ifndef POSTERN_PEER_BRAKE_H
#define POSTERN_PEER_BRAKE_H

#include "base/buf.h"
#include "base/ip.h"
#include "base/vec.h"

struct brake_settings {
	int64_t grey_delay_ms; /* a retry before that comes too early */
	int64_t grey_retry_ms; /* and after that, too late: a first try again */
	int64_t grey_life_ms;  /* what passed is remembered for */
	uint32_t grey_proof;   /* pairs that passed: the unit passes */
	int64_t interval_ms;
	uint32_t messages; /* in an interval; 0: no limit */
	uint32_t recipients;
};

/* Recipients of one message are asked about one by one. */
struct brake_question {
	struct ip client;
	uint64_t pair; /* keyed hash of sender and recipient */
	bool grey;
	bool throttle;
	bool new_message; /* nothing of this message was counted yet */
	int64_t now_ms;
	struct brake_settings settings;
};

/* In the order they are asked. */
enum brake_word { BRAKE_NONE, BRAKE_THROTTLE, BRAKE_GREYLIST, BRAKE_WORDS };

struct brake_view {
	enum brake_word word;
	int64_t wait_ms; /* a try before that is in vain */
};

/* Pairs a unit may have open: beyond it new ones wait without being noted. */
#define BRAKE_PAIRS_MAX 256
/* Full units are swept at most this often. */
#define BRAKE_SWEEP_MS INT64_C(60000)

struct brake_pair {
	uint64_t pair;
	int64_t at_ms; /* first try, or last use once passed */
	bool passed;
};

struct brake_unit {
	int64_t messages_us; /* when the last one counted is paid for */
	int64_t recipients_us;
	uint32_t proof;
	int64_t proof_ms; /* last use of it */
	int64_t swept_ms;
	int64_t last_ms; /* last question */
	VEC(struct brake_pair) pairs;
};

/* What is kept of a unit, for people. Times are 0 where there is none. */
struct brake_state {
	uint32_t waiting;  /* pairs not yet seen a second time in time */
	uint32_t passed;   /* pairs that were */
	int64_t waited_ms; /* the last of those that wait came first */
	uint32_t proof;	   /* pairs that passed, towards grey_proof */
	int64_t proof_ms;
	int64_t messages_us; /* when what was taken is paid for */
	int64_t recipients_us;
};

void brake_unit_fini(struct brake_unit *u);
void brake_unit_state(const struct brake_unit *u, struct brake_state *out);
/* One pair, into the counts. */
void brake_state_add(struct brake_state *s, bool passed, int64_t at_ms);
void brake_judge(struct brake_unit *u, const struct brake_question *q,
    struct brake_view *out);

/*
 * The same for Redis. KEYS: grey, throttle. ARGV as brake_script_args() has
 * them. Replies {word, wait in ms}.
 */
void brake_script(struct buf *out);
#define BRAKE_ARGS 13
void brake_script_args(
    const struct brake_question *q, char text[static BRAKE_ARGS][24]);

/* "none" "throttle" "greylist" */
const char *brake_word_text(enum brake_word w);

#endif
