/*
 * postern.conf: `key = value`, one table (config.def) for parser, defaults,
 * `postern conf`, the manual page and the test that it is complete.
 *
 * Immutable once loaded. A comment is a line that starts with #. Lists are
 * separated by commas or blanks; a value may continue on lines that start with
 * a blank. Sizes take k, m, g; durations ms, s, m, h, d. What a value means is
 * its consumer's business; here it is a text of the right type.
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
	char *path;	  /* of the file read, or NULL: defaults */
	uint32_t *set_at; /* by row: line it was set on, 0 = default */
#define CONFIG_STRING(name, def, doc) char *name;
#define CONFIG_LIST(name, def, doc) struct string_list name;
#define CONFIG_NETWORKS(name, def, doc) struct cidr_list name;
#define CONFIG_NUMBER(name, def, doc) double name;
#define CONFIG_SIZE(name, def, doc) uint64_t name;
#define CONFIG_DURATION(name, def, doc) int64_t name; /* milliseconds */
#define CONFIG_BOOL(name, def, doc) bool name;
#define CONFIG_CHOICE(name, def, choices, doc) \
	int name; /* index in choices          \
		   */
#include "policy/config.def"
};

/* Values of choices, in the order of config.def. Those of `plugins` are those
 * of enum plugin_set. */
enum config_plugins {
	CONFIG_PLUGINS_CORE,
	CONFIG_PLUGINS_LOCAL,
	CONFIG_PLUGINS_STOCK
};
enum config_slow_rules { SLOW_RULES_LIMIT, SLOW_RULES_REFUSE };
enum config_helper_rules { HELPER_RULES_ASKED, HELPER_RULES_ALL };
enum config_default_action { DEFAULT_ACCEPT, DEFAULT_TEMPFAIL, DEFAULT_REJECT };
enum config_conflict { CONFLICT_SPLIT, CONFLICT_STRICTEST, CONFLICT_LOOSEST };
enum config_listed { LISTED_REJECT, LISTED_TEMPFAIL, LISTED_SHADOW };
enum config_watch { WATCH_SCORE, WATCH_TEMPFAIL };
/* Of greylist and of throttle. */
enum config_braked { BRAKED_OFF, BRAKED_WATCH, BRAKED_UNKNOWN };
enum config_dns_late { DNS_LATE_ACCEPT, DNS_LATE_TEMPFAIL };
enum config_codes { CODES_CLASSIC, CODES_PRECISE };

#define CONFIG_FILE_MAX ((size_t)1024 * 1024)
#define CONFIG_LIST_MAX ((size_t)100000)
/* set_at of a row given by config_set() without a position. */
#define CONFIG_SET_ELSEWHERE UINT32_MAX

/*
 * Reads `path` (NULL: defaults only). Always returns a config with every good
 * line applied; errors are diags. May block.
 */
struct config *config_load(const char *path, struct diags *diags);
/* As config_load, from memory; `name` stands for the file in diags. */
struct config *config_parse(
    const char *name, struct str text, struct diags *diags);
/* One more `key = value`, as from a command line. False: a diag says why. */
bool config_set(struct config *c, struct str key, struct str value,
    struct source_pos pos, struct diags *diags);
struct config *config_copy(const struct config *c);
void config_free(struct config **c);

/* For `postern conf` and documentation. */
enum config_type {
	CONFIG_TYPE_SECTION, /* a heading: `doc` is its title */
	CONFIG_TYPE_STRING,
	CONFIG_TYPE_LIST,
	CONFIG_TYPE_NETWORKS,
	CONFIG_TYPE_NUMBER,
	CONFIG_TYPE_SIZE,
	CONFIG_TYPE_DURATION,
	CONFIG_TYPE_BOOL,
	CONFIG_TYPE_CHOICE
};

struct config_row {
	const char *name;
	enum config_type type;
	size_t offset;	     /* into struct config */
	const char *def;     /* as text */
	const char *choices; /* of a choice, separated by blanks; or NULL */
	const char *doc;
};
const struct config_row *config_rows(size_t *count_out);
const char *config_type_text(enum config_type type);
/* The value in force as text; appended. Unknown names append nothing. */
void config_format(const struct config *c, const char *name, struct buf *out);
/* Where a setting was made; file NULL when it stands at its default. */
struct source_pos config_where(const struct config *c, const char *name);

#endif
