/*
 * What every session of the daemon shares. Set up by main(), read-only after.
 */
#ifndef POSTERN_DAEMON_SERVER_H
#define POSTERN_DAEMON_SERVER_H

#include "daemon/dns_live.h"
#include "daemon/live.h"
#include "daemon/turns.h"
#include "peer/recipients.h"
#include "peer/rep_store.h"
#include "policy/config.h"

struct server {
	const struct config *config; /* as read at the start */
	const char *config_path;     /* read again at reload; NULL: none */
	const struct string_list *overrides; /* -o key=value, re-applied */
	struct in_force *live;
	struct turns *turns;
	struct rep_store *store;
	struct dns_live *dns;
	struct recipients *recipients; /* what the MTA says of them */
	int64_t started_ms;
};

/*
 * Builds a new set from the files and puts it in force when it is whole.
 * `forced` lets a shrunken list or dictionary pass. What is wrong is in
 * `diags`; false: the old set stands. Serialised by its own lock; takes
 * seconds. Control and main threads.
 */
bool server_reload(struct server *s, bool forced, struct diags *diags);

/*
 * Resolver and DNS lists, when the configuration names any; waits a moment for
 * their first self-test. False: reported in `diags`.
 */
bool server_open_dns(struct server *s, dns_log_fn *log, struct diags *diags);

/* The configuration file plus overrides; diags tell what is wrong. */
struct config *server_read_config(
    const char *path, const struct string_list *overrides, struct diags *diags);

#endif
