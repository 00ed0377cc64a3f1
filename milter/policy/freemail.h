/*
 * Which addresses are of mailboxes anybody gets for nothing
 * (freemail_domains), and mail addresses in running text.
 *
 * Built with the snapshot, immutable after, shared by threads. Addresses are in
 * lower case. What is made of a text lives in the arena given; work is linear
 * in the text.
 */
#ifndef POSTERN_POLICY_FREEMAIL_H
#define POSTERN_POLICY_FREEMAIL_H

#include "mail/settings.h"
#include "rule/ruleset.h"

struct freemail {
	struct map *domains;
	struct str *globs; /* domains with * and ? */
	size_t glob_count;
	struct map *welcome; /* addresses and domains that do not count */
	size_t max_body_emails;
	size_t max_body_freemails;
	bool skip_when_over_max;
	bool skip_bulk_sender;
	bool import_auth;     /* those on welcomelist_auth do not count */
	bool import_def_auth; /* those on def_welcomelist_auth */
	struct arena arena;
};

struct freemail *freemail_new(const struct ruleset *rs, struct diags *diags);
void freemail_free(struct freemail **f);

/* Its domain is listed. */
bool freemail_has_domain(const struct freemail *f, struct str address);
/* The address or its domain is one of freemail_welcomelist. */
bool freemail_is_welcome(const struct freemail *f, struct str address);

/* Limits of an address in text: bytes before the @, labels, their length. */
#define FREEMAIL_USER_MAX 64
#define FREEMAIL_LABELS_MAX 5
#define FREEMAIL_LABEL_MAX 61

/*
 * The first address that begins at or after `from`: where it begins, and its
 * end in *end_out. STR_NPOS: there is none.
 */
size_t freemail_find_address(const struct mail_settings *s, struct str text,
    size_t from, size_t *end_out);

/*
 * `text` without addresses that are quoted rather than meant: <addresses>, and
 * those before a word with a colon ("x@y wrote:").
 */
struct str freemail_strip_quoted(
    struct arena *a, const struct mail_settings *s, struct str text);

#endif
