#include "peer/spf.h"

#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <arpa/nameser.h>
#include <spf2/spf.h>
#include <stdio.h>
#include <stdlib.h>

/* Local part and domain of the longest address (RFC 5321 4.5.3.1). */
#define ADDRESS_MAX 320

const char *
spf_result_text(enum spf_result r)
{
	static const char *const text[] = {"unknown", "none", "neutral", "pass",
	    "fail", "softfail", "temperror", "permerror"};

	return text[r];
}

/* What the library's lookups need of ours. */
struct source {
	struct dns *dns;
	int64_t deadline_us;
	bool late;
};

static bool
type_of(ns_type type, enum dns_type *out)
{
	switch (type) {
	case ns_t_a:
		*out = DNS_A;
		return true;
	case ns_t_aaaa:
		*out = DNS_AAAA;
		return true;
	case ns_t_txt:
		*out = DNS_TXT;
		return true;
	case ns_t_ptr:
		*out = DNS_PTR;
		return true;
	case ns_t_mx:
		*out = DNS_MX;
		return true;
	default:
		return false;
	}
}

static bool
set_text(SPF_dns_rr_t *rr, int i, const char *text)
{
	size_t len = strlen(text) + 1;

	if (SPF_dns_rr_buf_realloc(rr, i, len + sizeof(SPF_dns_rr_data_t)) !=
	    SPF_E_SUCCESS)
		return false;
	/* txt, mx and ptr are the same array of char in the union. */
	memcpy(rr->rr[i]->txt, text, len);
	return true;
}

static bool
set_record(
    SPF_dns_rr_t *rr, int i, enum dns_type type, const struct dns_answer *a)
{
	size_t n = (size_t)i;

	if (type == DNS_TXT || type == DNS_MX || type == DNS_PTR)
		return set_text(rr, i, dns_text(a, n));
	if (SPF_dns_rr_buf_realloc(rr, i, sizeof(SPF_dns_rr_data_t)) !=
	    SPF_E_SUCCESS)
		return false;
	if (type == DNS_A)
		memcpy(&rr->rr[i]->a, a->address[n].byte + 12, 4);
	else
		memcpy(&rr->rr[i]->aaaa, a->address[n].byte, 16);
	return true;
}

static SPF_dns_rr_t *
lookup(SPF_dns_server_t *server, const char *domain, ns_type type,
    int should_cache)
{
	struct source *s = server->hook;
	struct dns_batch *b = dns_batch_new(s->dns);
	struct dns_answer *a = mem_alloc(sizeof(*a));
	SPF_dns_stat_t status = TRY_AGAIN;
	SPF_dns_rr_t *rr;
	enum dns_type ours = DNS_A;
	int q = -1;

	(void)should_cache;
	if (type_of(type, &ours))
		q = dns_batch_ask(b, ours, str_from(domain));
	if (q < 0) {
		status = HOST_NOT_FOUND;
	} else {
		dns_batch_start(b);
		s->late |= !dns_batch_collect(b, s->deadline_us);
		dns_batch_answer(b, q, a);
		if (a->status == DNS_FOUND)
			status = NETDB_SUCCESS;
		else if (a->status == DNS_ABSENT)
			status = HOST_NOT_FOUND;
	}
	rr = SPF_dns_rr_new_init(server, domain, type, (int)a->ttl, status);
	for (size_t i = 0; rr != NULL && i < a->count; i++) {
		if (!set_record(rr, (int)i, ours, a))
			break;
		rr->num_rr = (int)i + 1;
	}
	free(a);
	dns_batch_free(&b);
	return rr;
}

static enum spf_result
translate(SPF_result_t r)
{
	switch (r) {
	case SPF_RESULT_NEUTRAL:
		return SPF_NEUTRAL;
	case SPF_RESULT_PASS:
		return SPF_PASS;
	case SPF_RESULT_FAIL:
		return SPF_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return SPF_SOFTFAIL;
	case SPF_RESULT_NONE:
		return SPF_NONE;
	case SPF_RESULT_TEMPERROR:
		return SPF_TEMPERROR;
	case SPF_RESULT_PERMERROR:
		return SPF_PERMERROR;
	default:
		return SPF_UNKNOWN;
	}
}

/* False: a name too long or with bytes that are none; nothing to check. */
static bool
copy_name(char *to, size_t size, struct str from)
{
	if (from.len >= size)
		return false;
	for (size_t i = 0; i < from.len; i++)
		if (from.p[i] <= ' ' || from.p[i] > '~')
			return false;
	if (from.len > 0)
		memcpy(to, from.p, from.len);
	to[from.len] = '\0';
	return true;
}

static void
set_client(SPF_request_t *request, const struct ip *client)
{
	struct in_addr in;
	struct in6_addr in6;

	if (ip_is_v4(client)) {
		memcpy(&in, client->byte + 12, sizeof(in));
		SPF_request_set_ipv4(request, in);
	} else {
		memcpy(&in6, client->byte, sizeof(in6));
		SPF_request_set_ipv6(request, in6);
	}
}

static enum spf_result
ask(SPF_server_t *server, const struct spf_question *q)
{
	char helo[DNS_NAME_MAX] = "", sender[ADDRESS_MAX] = "";
	SPF_request_t *request;
	SPF_response_t *response = NULL;
	enum spf_result result = SPF_UNKNOWN;

	if (!copy_name(helo, sizeof(helo), q->helo) ||
	    !copy_name(sender, sizeof(sender), q->sender))
		return SPF_UNKNOWN;
	request = SPF_request_new(server);
	if (request == NULL)
		return SPF_UNKNOWN;
	set_client(request, &q->client);
	SPF_request_set_helo_dom(request, helo[0] ? helo : "unknown.invalid");
	if (sender[0] != '\0')
		SPF_request_set_env_from(request, sender);
	SPF_request_query_mailfrom(request, &response);
	if (response != NULL) {
		result = translate(SPF_response_result(response));
		SPF_response_free(response);
	}
	SPF_request_free(request);
	return result;
}

enum spf_result
spf_check(struct dns *dns, const struct spf_question *q, int64_t deadline_us)
{
	struct source source = {.dns = dns, .deadline_us = deadline_us};
	SPF_dns_server_t resolver = {
	    .lookup = lookup, .name = "postern", .hook = &source};
	SPF_server_t *server = SPF_server_new_dns(&resolver, 0);
	enum spf_result result;

	if (server == NULL)
		return SPF_UNKNOWN;
	SPF_server_set_rec_dom(server, "localhost");
	result = ask(server, q);
	SPF_server_free(server);
	return source.late ? SPF_UNKNOWN : result;
}
