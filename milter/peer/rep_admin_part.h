/*
 * Inside of the admin's view, shared by its files: rep_admin.c (questions),
 * rep_admin_change.c, rep_admin_try.c, rep_admin_move.c, rep_admin_part.c.
 */
#ifndef POSTERN_PEER_REP_ADMIN_PART_H
#define POSTERN_PEER_REP_ADMIN_PART_H

#include "base/vec.h"
#include "peer/rep_admin.h"
#include "peer/rep_backend.h"

struct names {
	VEC(char *) list;
};

struct target {
	struct cidr net;
	struct rep_name name;
	bool is_host;
};

/* A client with its parents, read for the model. */
struct dossier {
	struct rep_record unit;
	struct rep_record net;
	struct rep_record site;
	/* What an admin said of a network of another size; name "" = nothing.
	 */
	struct rep_name wide_name;
	struct rep_record wide;
	struct rep_known known;
};

struct listed_row {
	char unit[REP_UNIT_TEXT_MAX];
	struct rep_listing listing;
};

/* ---- rep_admin_part.c --------------------------------------------------- */
/* Answers. */
struct json *admin_failure(const char *why);
struct json *admin_no_target(struct str text);
/* For people, from an enum err. */
struct json *admin_failed(int rc);
struct json *admin_success(void);
/* An address or a network. */
bool admin_target_parse(struct str text, struct target *out);
/* A rep_unit_fn that adds to struct names. */
void admin_keep_name(void *ctx, const char *unit);
void admin_names_fini(struct names *n);
/* As ops->read, but nothing known is an empty record. */
int admin_read(struct rep_store *s, const char *unit, struct rep_record *out);
int admin_read_dossier(
    struct rep_store *s, const struct ip *ip, struct dossier *d);
struct json *admin_rates_json(const struct rep_rates *r);
/* The listing's members into `j`. */
void admin_set_listing(struct json *j, const struct rep_listing *l);
/* Heap; soonest end first. Free `*out` also after an error. */
int admin_read_listed(struct rep_store *s, int64_t now_ms,
    struct listed_row **out, size_t *count_out);

/* ---- rep_admin_try.c ---------------------------------------------------- */
/* Spams from now until it is listed; 0: not within NEXT_MAX. */
int admin_spams_to_list(
    const struct rep_settings *s, const struct dossier *d, int64_t now_ms);
struct json *admin_simulate(struct rep_store *s, const struct json *q);

/* ---- rep_admin_change.c ------------------------------------------------- */
/* False: `*reply_out` says who and why are wanted. */
bool admin_read_author(
    const struct json *q, struct rep_audit *a, struct json **reply_out);
/* Puts the change into the trail; the answer. `rc` is how it went. */
struct json *admin_change_done(
    struct rep_store *s, struct rep_audit *a, const char *what, int rc);
struct json *admin_block(struct rep_store *s, const struct json *q);
struct json *admin_allow(struct rep_store *s, const struct json *q);
struct json *admin_delist(struct rep_store *s, const struct json *q);
struct json *admin_forget(struct rep_store *s, const struct json *q);

/* ---- rep_admin_move.c --------------------------------------------------- */
struct json *admin_export(struct rep_store *s, const struct json *q);
struct json *admin_import(struct rep_store *s, const struct json *q);

#endif
