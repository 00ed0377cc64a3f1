/*
 * postern.conf: `key = value`, one table (config.def) for parser, defaults,
 * `postern conf`, the manual page and the test that it is complete.
 *
 * Immutable once loaded. Lists are separated by commas or blanks; a value may
 * continue on lines that start with a blank. Sizes take k, m, g; durations
 * ms, s, m, h, d.
 */
#ifndef POSTERN_POLICY_CONFIG_H
#define POSTERN_POLICY_CONFIG_H

#include "base/diag.h"
#include "base/ip.h"

struct string_list {
	char **v;
	size_t len;
};

struct cidr_list {
	struct cidr *v;
	size_t len;
};

/* One member per row of config.def. */
struct config {
	char *path;		/* of the file read, or NULL: defaults */
#define CONFIG_STRING(name, def, doc) char *name;
#define CONFIG_LIST(name, def, doc) struct string_list name;
#define CONFIG_NETWORKS(name, def, doc) struct cidr_list name;
#define CONFIG_NUMBER(name, def, doc) double name;
#define CONFIG_SIZE(name, def, doc) uint64_t name;
#define CONFIG_DURATION(name, def, doc) int64_t name; /* milliseconds */
#define CONFIG_BOOL(name, def, doc) bool name;
#define CONFIG_CHOICE(name, def, choices, doc) int name; /* index in choices */
#include "policy/config.def"
};

/*
 * Reads `path` (NULL: defaults only). Always returns a config with every good
 * line applied; errors are diags.
 */
struct config *config_load(const char *path, struct diags *diags);
/* One more `key = value`, as from a command line. False: a diag says why. */
bool config_set(struct config *c, struct str key, struct str value,
    struct source_pos pos, struct diags *diags);
struct config *config_copy(const struct config *c);
void config_free(struct config **c);

/* For `postern conf` and documentation. */
struct config_row {
	const char *name;
	const char *type;
	const char *def;	/* as text */
	const char *doc;
};
const struct config_row *config_rows(size_t *count_out);
/* The value in force as text; appended. */
void config_format(const struct config *c, const char *name, struct buf *out);

#endif
