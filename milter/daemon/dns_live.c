#include "daemon/dns_live.h"

#include "base/clock.h"
#include "base/mem.h"
#include "policy/dns_conf.h"

#include <stdlib.h>

/* Neither a start nor a reload is held up longer by lists that do not answer.
 */
#define SETTLE_US ((int64_t)1500000)

struct dns_live {
	struct in_force *set;
	dns_log_fn *log;
};

static void
set_free(struct counted *c)
{
	struct dns_set *s = (struct dns_set *)c;

	dnsbl_free(&s->lists);
	dns_close(&s->dns);
	free(s->settings);
	free(s);
}

static struct dns_set *
set_new(char *settings)
{
	struct dns_set *s = mem_alloc(sizeof(*s));

	s->counted = (struct counted){1, set_free};
	s->settings = settings;
	return s;
}

struct dns_live *
dns_live_new(dns_log_fn *log)
{
	struct dns_live *l = mem_alloc(sizeof(*l));

	l->set = in_force_new(&set_new(mem_strdup(""))->counted);
	l->log = log;
	return l;
}

struct dns_set *
dns_live_take(struct dns_live *l)
{
	return (struct dns_set *)in_force_take(l->set);
}

/* The last reference is given back by a sweep, or of a set never in force. */
void
dns_set_give(struct dns_set **sp)
{
	struct dns_set *s = *sp;

	*sp = NULL;
	if (s != NULL)
		counted_give(&s->counted);
}

static char *
settings_of(const struct config *c)
{
	static const char *const names[] = {
	    "dnsbl", "dns_servers", "dns_timeout", "dns_cache"};
	struct buf b;
	char *text;

	if (c->dnsbl.len == 0 && !c->spf)
		return mem_strdup("");
	buf_init(&b);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		config_format(c, names[i], &b);
		buf_add_char(&b, '\n');
	}
	text = mem_strndup(b.p, b.len);
	buf_fini(&b);
	return text;
}

static bool
set_open(struct dns_set *s, const struct config *c, dns_log_fn *log,
    struct diags *diags)
{
	size_t errors = diags->errors;

	if (s->settings[0] == '\0')
		return true;
	s->dns = dns_conf_open(c, diags);
	if (s->dns != NULL)
		s->lists = dns_conf_lists(
		    c, s->dns, log, clock_mono_us() + SETTLE_US, diags);
	return diags->errors == errors;
}

struct dns_set *
dns_live_prepare(
    struct dns_live *l, const struct config *c, struct diags *diags)
{
	char *settings = settings_of(c);
	struct dns_set *s = dns_live_take(l);

	if (strcmp(s->settings, settings) == 0) {
		free(settings);
		return s;
	}
	dns_set_give(&s);
	s = set_new(settings);
	if (!set_open(s, c, l->log, diags))
		dns_set_give(&s);
	return s;
}

void
dns_live_swap(struct dns_live *l, struct dns_set *next)
{
	in_force_swap(l->set, &next->counted);
}

size_t
dns_live_sweep(struct dns_live *l)
{
	return in_force_sweep(l->set);
}
