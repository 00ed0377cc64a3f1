#include "mail/trace_record.h"

#include <time.h>

/* Longest foreign word taken over; names and greetings are shorter. */
#define WORD_MAX 255
/* RFC 5321 4.5.3.1.3 allows 256 bytes; real senders exceed it. */
#define SENDER_MAX 1024

/* What could end a clause of the record is shown as `?`, as Postfix does. */
static void
add_word(struct buf *out, struct str word, const char *otherwise)
{
	if (word.len == 0) {
		buf_add_cstr(out, otherwise);
		return;
	}
	for (size_t i = 0; i < word.len && i < WORD_MAX; i++) {
		char c = word.p[i];
		bool bad =
		    c <= ' ' || c >= 0x7f || strchr("<>()\\\";@", c) != NULL;

		buf_add_char(out, bad ? '?' : c);
	}
}

/* A sender may hold anything but what would end the field or the path. */
static void
add_sender(struct buf *out, struct str sender)
{
	buf_add_cstr(out, "Return-Path: <");
	for (size_t i = 0; i < sender.len && i < SENDER_MAX; i++) {
		char c = sender.p[i];

		buf_add_char(out,
		    (unsigned char)c < ' ' || c == '<' || c == '>' ? '?' : c);
	}
	buf_add_cstr(out, ">\n");
}

/* A number of two digits. */
static void
add_two(struct buf *out, char before, int n)
{
	buf_add_char(out, before);
	buf_add_char(out, (char)('0' + n / 10));
	buf_add_char(out, (char)('0' + n % 10));
}

static void
add_date(struct buf *out, int64_t ms)
{
	static const char day[][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char month[][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	buf_add_cstr(out, day[tm.tm_wday]);
	buf_add(out, STR(", "));
	buf_add_int(out, tm.tm_mday);
	buf_add_char(out, ' ');
	buf_add_cstr(out, month[tm.tm_mon]);
	buf_add_char(out, ' ');
	buf_add_int(out, tm.tm_year + 1900);
	add_two(out, ' ', tm.tm_hour);
	add_two(out, ':', tm.tm_min);
	add_two(out, ':', tm.tm_sec);
	buf_add(out, STR(" +0000"));
}

/* "from HELO (NAME [IP])". A name that is only the address is none. */
static void
add_client(struct buf *out, const struct envelope *e)
{
	char text[IP_TEXT_MAX];
	struct str name = e->client_name;

	if (name.len > 0 && name.p[0] == '[')
		name = STR_NONE;
	ip_format(&e->client, text);
	buf_add_cstr(out, "from ");
	add_word(out, e->helo, "unknown");
	buf_add_cstr(out, " (");
	add_word(out, name, "unknown");
	buf_add_cstr(out, ip_is_v4(&e->client) ? " [" : " [IPv6:");
	buf_add_cstr(out, text);
	buf_add_cstr(out, "])\n\t");
	if (e->auth_user.len > 0) {
		buf_add_cstr(out, "(Authenticated sender: ");
		add_word(out, e->auth_user, "");
		buf_add_cstr(out, ")\n\t");
	}
}

/* RFC 3848: E for EHLO, S for TLS, A for AUTH. */
static const char *
protocol(const struct envelope *e)
{
	bool extended = e->esmtp || e->tls || e->auth_user.len > 0;

	if (!extended)
		return "SMTP";
	if (e->auth_user.len > 0)
		return e->tls ? "ESMTPSA" : "ESMTPA";
	return e->tls ? "ESMTPS" : "ESMTP";
}

static void
add_protocol(struct buf *out, const struct envelope *e)
{
	buf_add_cstr(out, " (Postfix) with ");
	buf_add_cstr(out, protocol(e));
	buf_add_cstr(out, " id ");
}

void
trace_record_format(struct buf *out, const struct envelope *e, int64_t now_ms)
{
	bool remote = e->has_client && !e->local;

	if (e->has_sender)
		add_sender(out, e->sender);
	buf_add_cstr(out, "Received: ");
	if (remote)
		add_client(out, e);
	buf_add_cstr(out, "by ");
	add_word(out, e->mta_name, "localhost");
	if (remote)
		add_protocol(out, e);
	else
		buf_add_cstr(out, " (Postfix)\n\tid ");
	add_word(out, e->queue_id, "NOQUEUE");
	buf_add_cstr(out, "; ");
	add_date(out, e->received_ms != 0 ? e->received_ms : now_ms);
	buf_add_char(out, '\n');
}
