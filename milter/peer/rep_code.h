/*
 * How units, listings and evidence look outside memory.
 *
 * Text fields are those of the Redis hashes (doc/redis.md), used by the state
 * file and by export too. Decoders take foreign bytes: an unknown field is
 * skipped, a bad value is refused, nothing grows without limit. Pure.
 */
#ifndef POSTERN_PEER_REP_CODE_H
#define POSTERN_PEER_REP_CODE_H

#include "base/json.h"
#include "peer/rep_model.h"

#define REP_EVIDENCE_MAX 8	 /* a unit with its evidence: 1.2 kB */
#define REP_EVIDENCE_RULE_MAX 24 /* bytes of a rule's name kept */

struct rep_evidence {
	int64_t at_ms;
	enum rep_class class;
	char rule[REP_EVIDENCE_RULE_MAX + 1];
	double score;
	char ref[REP_REF_MAX];
	bool disputed;
};

/* One unit, whole. */
struct rep_record {
	bool exists; /* counts are there */
	bool has_listing;
	struct rep_unit unit;
	struct rep_listing listing;
	struct rep_evidence evidence[REP_EVIDENCE_MAX]; /* newest first */
	size_t evidence_count;
	uint64_t seq; /* last event applied (in-process store) */
};

typedef void rep_field_fn(void *ctx, const char *name, const char *value);

/* Calls `fn` for each field that is not zero. */
void rep_unit_each(const struct rep_unit *u, rep_field_fn *fn, void *ctx);
/* Those that differ between `before` and `u`. */
void rep_unit_each_changed(const struct rep_unit *before,
    const struct rep_unit *u, rep_field_fn *fn, void *ctx);
/* False: known name, unusable value. Unknown names are skipped (true). */
bool rep_unit_set(struct rep_unit *u, struct str name, struct str value);

/* "day id:bad:good:trap ..."; of an empty one nothing. */
void rep_ledger_format(const struct rep_ledger *l, struct buf *out);
/* Replaces `*l`; what is no such text leaves it alone, bad words are skipped.
 */
void rep_ledger_parse(struct str text, struct rep_ledger *l);

void rep_listing_each(const struct rep_listing *l, rep_field_fn *fn, void *ctx);
bool rep_listing_set(struct rep_listing *l, struct str name, struct str value);

/* "epoch class rule score ref", a "!" before the class of disputed ones. */
#define REP_EVIDENCE_TEXT_MAX 96
void rep_evidence_format(
    const struct rep_evidence *e, char text[static REP_EVIDENCE_TEXT_MAX]);
bool rep_evidence_parse(struct str text, struct rep_evidence *out);
/* The event as evidence; rule names lose what is not a word. */
void rep_evidence_of(const struct rep_event *e, struct rep_evidence *out);

/* {"unit":..., "rep":{...}, "list":{...}, "evidence":[...], "seq":n} */
struct json *rep_record_json(const char *unit, const struct rep_record *r);
/* False: not such an object. `unit_out` is checked to be a unit's name. */
bool rep_record_from_json(
    const struct json *j, struct str *unit_out, struct rep_record *out);

/* Cut to fit, control bytes made blanks, the rest of `to` zero. */
void rep_text_copy(char *to, size_t size, struct str value);

/* A number of seconds or milliseconds (`scale`: 1000, 1). */
bool rep_time_parse(struct str s, int64_t scale, int64_t *out);

/* Finite, not below 0, not above what weights can sum to. */
bool rep_sum_parse(struct str s, double *out);

#endif
