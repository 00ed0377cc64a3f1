#include "mail/render.h"

#include "mail/message.h"
#include "mail/mime.h"
#include "mail/uri.h"

#include <stdlib.h>

static const struct str default_queries[] = {STR("ALL"), STR("Subject"),
    STR("From"), STR("To"), STR("Cc"), STR("ToCc"), STR("MESSAGEID"),
    STR("EnvelopeFrom"), STR("From:addr"), STR("From:name"),
    STR("Reply-To:addr"), STR("ToCc:addr"), STR("Subject:raw"), STR("From:raw"),
    STR("X-Spam-Relays-Untrusted"), STR("X-Spam-Relays-Trusted"),
    STR("X-Spam-Relays-External"), STR("X-Spam-Relays-Internal"),
    STR("ALL-EXTERNAL"), STR("ALL-TRUSTED")};

const struct str *const render_default_queries = default_queries;
const size_t render_default_query_count =
    sizeof(default_queries) / sizeof(default_queries[0]);

static struct json *
strings(struct str_list l)
{
	struct json *out = json_new_array();

	for (size_t i = 0; i < l.len; i++)
		json_append(out, json_new_bytes(l.v[i]));
	return out;
}

static int
compare(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

static struct json *
sorted_strings(struct arena *a, struct str_list l)
{
	struct str *v = arena_array(a, l.len, sizeof(*v));

	if (v == NULL)
		return json_new_array();
	for (size_t i = 0; i < l.len; i++)
		v[i] = l.v[i];
	qsort(v, l.len, sizeof(*v), compare);
	return strings((struct str_list){v, l.len});
}

static struct json *
uri_record(struct message *m, const struct uri *u)
{
	struct json *out = json_new_object(), *types = json_new_array();
	struct json *hosts = json_new_object();

	for (unsigned i = 0; i < URI_TYPE_COUNT; i++)
		if (u->types & (1u << i))
			json_append(
			    types, json_new_str(str_from(uri_type_name(i))));
	for (size_t i = 0; i < u->host_count; i++)
		json_set_bytes(hosts, u->hosts[i].host,
		    json_new_bytes(u->hosts[i].domain));
	json_set(out, "types", types);
	json_set(out, "cleaned", sorted_strings(message_arena(m), u->cleaned));
	json_set(out, "hosts", hosts);
	if (u->texts.len > 0)
		json_set(out, "text", strings(u->texts));
	return out;
}

static struct json *
uri_records(struct message *m)
{
	struct uri_list l = message_uris(m);
	struct json *out = json_new_object();

	for (size_t i = 0; i < l.len; i++)
		json_set_bytes(out, l.v[i].raw, uri_record(m, &l.v[i]));
	return out;
}

static struct json *
optional(bool there, struct str s)
{
	return there ? json_new_bytes(s) : json_new_null();
}

static struct json *
transfer_encoding(const struct mime_node *n)
{
	struct header *h =
	    header_last(&n->headers, STR("Content-Transfer-Encoding"));
	struct json *out;
	struct buf b;

	if (h == NULL)
		return json_new_null();
	buf_init(&b);
	buf_add(&b, header_value(&n->headers, h));
	buf_add_char(&b, '\n');
	out = json_new_bytes(buf_str(&b));
	buf_fini(&b);
	return out;
}

static struct json *
part(const struct mime_node *n)
{
	struct json *out = json_new_object();

	json_set(out, "type", json_new_bytes(n->type));
	json_set(out, "effective", optional(n->leaf, mime_effective_type(n)));
	json_set(out, "charset", optional(n->has_charset, n->charset));
	json_set(out, "name", optional(n->has_name, n->name));
	json_set(out, "cte", transfer_encoding(n));
	json_set_int(out, "leaf", n->leaf);
	return out;
}

static struct json *
parts(struct message *m)
{
	struct json *out = json_new_array();

	for (const struct mime_node *n = message_mime(m); n != NULL;
	     n = mime_next(n))
		if (n->type.len > 0)
			json_append(out, part(n));
	return out;
}

static struct json *
headers(struct message *m, const struct str *queries, size_t count)
{
	struct json *out = json_new_object();

	for (size_t i = 0; i < count; i++) {
		struct header_query q;
		struct str value;

		if (header_query_parse(queries[i], &q) &&
		    message_header(m, q, &value))
			json_set_bytes(out, queries[i], json_new_bytes(value));
	}
	return out;
}

struct json *
render_message(struct message *m, const struct str *queries, size_t query_count)
{
	struct json *out = json_new_object();

	json_set(out, "body", strings(message_body(m)));
	json_set(out, "rawbody", strings(message_rawbody(m)));
	json_set(
	    out, "uri", sorted_strings(message_arena(m), message_uri_texts(m)));
	json_set(out, "uri_detail", uri_records(m));
	json_set(out, "header", headers(m, queries, query_count));
	json_set(out, "parts", parts(m));
	return out;
}
