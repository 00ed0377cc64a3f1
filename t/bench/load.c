/*
 * The MTA's side of the milter protocol, for benches: sends messages over a
 * Unix socket in several sessions at once and reports rate and latency.
 *
 *	load SOCKET SESSIONS MESSAGES FILE...
 *
 * A new connection per message, as most mail comes. Latency is from connect to
 * the verdict. One line of JSON, with what this program itself takes a message:
 * it runs on the filter's processors. Exit 1 when a message got no verdict.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/vec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 * 1024 * 1024)
#define BODY_CHUNK ((size_t)65535)
#define PROTOCOL_OFFER 0x1fffff
#define INPUT_SIZE ((size_t)8 * 1024)
/* Sessions looked after in one go. */
#define READY_MAX 64

/* Steps a filter may ask to have no reply to (mfdef.h: SMFIP_NR_*). */
#define NR_HDR 0x80u
#define NR_CONN 0x1000u
#define NR_HELO 0x2000u
#define NR_MAIL 0x4000u
#define NR_RCPT 0x8000u
#define NR_DATA 0x10000u
#define NR_EOH 0x40000u
#define NR_BODY 0x80000u
/* ... and not to be told at all (SMFIP_NO*). */
#define NO_CONNECT 0x1u
#define NO_HELO 0x2u
#define NO_MAIL 0x4u
#define NO_RCPT 0x8u
#define NO_BODY 0x10u
#define NO_HDRS 0x20u
#define NO_EOH 0x40u
#define NO_DATA 0x200u

/* A message ready to send: its header and body packets, one after the other. */
struct script {
	VEC(struct str) headers;
	VEC(struct str) body;
};

/* What is sent next. */
enum stage {
	AT_NEGOTIATION,
	AT_CONNECT,
	AT_HELO,
	AT_MAIL,
	AT_RCPT,
	AT_DATA,
	AT_HEADERS,
	AT_END_OF_HEADERS,
	AT_BODY,
	AT_END,
	AT_NOTHING
};

/* A thread and the sessions it has. */
struct share {
	int epoll;
	size_t sessions;
	size_t open; /* of these, with a message under way */
};

/* One message on its connection. */
struct session {
	struct share *share;
	int fd;
	size_t number; /* of the message */
	const struct script *script;
	enum stage stage;
	size_t index;	   /* of the next header or body packet */
	uint32_t steps;	   /* what the filter asked for */
	struct buf unsent; /* as MTAs do, sent when a reply is waited for */
	size_t sent;	   /* of it */
	struct buf input;  /* replies, up to a part of one */
	int64_t start_us;
};

static struct {
	const char *socket;
	size_t messages;
	VEC(struct script) scripts;
	_Atomic size_t next;
	_Atomic size_t failed;
	_Atomic size_t verdict[256];
	double *latency_ms;
} bench;

static void
add_packet(struct buf *b, char type, struct str data)
{
	uint32_t len = htonl((uint32_t)data.len + 1);

	buf_add(b, str_make((char *)&len, sizeof(len)));
	buf_add_char(b, type);
	buf_add(b, data);
}

/* A copy that lives as long as the program. */
static struct str
keep(struct str s)
{
	char *copy = mem_alloc(s.len + 1);

	memcpy(copy, s.p, s.len);
	return str_make(copy, s.len);
}

static void
add_header(struct script *s, struct str field)
{
	struct buf data;
	size_t colon = str_find_char(field, ':');

	if (colon == STR_NPOS)
		return;
	buf_init(&data);
	buf_add(&data, str_head(field, colon));
	buf_add_char(&data, '\0');
	buf_add(&data, str_skip(field, colon + 1));
	buf_add_char(&data, '\0');
	*VEC_PUSH(&s->headers) = keep(buf_str(&data));
	buf_fini(&data);
}

/* Splits a file into header fields (folds kept) and CRLF body chunks. */
static void
add_script(const char *path)
{
	struct script *s = VEC_PUSH(&bench.scripts);
	struct buf file, body;
	struct str rest, field = STR_NONE;

	buf_init(&file);
	buf_init(&body);
	*s = (struct script){0};
	if (file_read(path, FILE_MAX, &file) != 0) {
		fprintf(stderr, "load: cannot read %s\n", path);
		exit(2);
	}
	rest = buf_str(&file);
	while (rest.p != NULL) {
		struct str line = str_cut(&rest, '\n');

		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		if (field.p != NULL && line.len > 0 &&
		    (line.p[0] == ' ' || line.p[0] == '\t')) {
			field.len = (size_t)(line.p + line.len - field.p);
			continue;
		}
		if (field.p != NULL)
			add_header(s, field);
		field = line;
		if (line.len == 0)
			break;
	}
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.p[i] == '\n' && (i == 0 || rest.p[i - 1] != '\r'))
			buf_add_char(&body, '\r');
		buf_add_char(&body, rest.p[i]);
	}
	for (size_t at = 0; at < body.len; at += BODY_CHUNK)
		*VEC_PUSH(&s->body) =
		    keep(str_head(str_skip(buf_str(&body), at), BODY_CHUNK));
	buf_fini(&file);
	buf_fini(&body);
}

/* ---- what is said ------------------------------------------------------- */

struct packet {
	char type;
	struct str data;
	uint32_t no;	/* it is not wanted */
	uint32_t quiet; /* it gets no reply */
};

static struct packet
connect_packet(size_t n)
{
	static _Thread_local char text[64];
	int len =
	    snprintf(text, sizeof(text), "client.example%c4..198.18.%zu.%zu",
		'\0', n / 250 % 250, n % 250 + 1);

	text[16] = 0x12;
	text[17] = 0x34;
	return (struct packet){
	    'C', str_make(text, (size_t)len + 1), NO_CONNECT, NR_CONN};
}

/* The next of the packets in `v`; false: that was all. */
static bool
next_of(struct session *s, const struct str *v, size_t len, struct str *out)
{
	if (s->index == len) {
		s->index = 0;
		s->stage++;
		return false;
	}
	*out = v[s->index++];
	return true;
}

/* False: there is none. */
static bool
next_packet(struct session *s, struct packet *out)
{
	static _Thread_local uint32_t offer[3];
	struct packet one[AT_NOTHING] = {
	    [AT_NEGOTIATION] = {'O', str_make((char *)offer, sizeof(offer)), 0,
		0},
	    [AT_HELO] = {'H', str_make("client.example", 15), NO_HELO, NR_HELO},
	    [AT_MAIL] = {'M', str_make("<ann@client.example>", 21), NO_MAIL,
		NR_MAIL},
	    [AT_RCPT] = {'R', str_make("<bob@postern.test>", 19), NO_RCPT,
		NR_RCPT},
	    [AT_DATA] = {'T', STR_NONE, NO_DATA, NR_DATA},
	    [AT_HEADERS] = {'L', STR_NONE, NO_HDRS, NR_HDR},
	    [AT_END_OF_HEADERS] = {'N', STR_NONE, NO_EOH, NR_EOH},
	    [AT_BODY] = {'B', STR_NONE, NO_BODY, NR_BODY},
	    [AT_END] = {'E', STR_NONE, 0, 0},
	};
	const struct script *script = s->script;

	offer[0] = htonl(6);
	offer[1] = htonl(0x1ff);
	offer[2] = htonl(PROTOCOL_OFFER);
	if (s->stage == AT_HEADERS) {
		*out = one[AT_HEADERS];
		if (next_of(
			s, script->headers.v, script->headers.len, &out->data))
			return true;
	}
	if (s->stage == AT_BODY) {
		*out = one[AT_BODY];
		if (next_of(s, script->body.v, script->body.len, &out->data))
			return true;
	}
	if (s->stage == AT_NOTHING)
		return false;
	*out =
	    s->stage == AT_CONNECT ? connect_packet(s->number) : one[s->stage];
	s->stage++;
	return true;
}

/* Up to the next packet that gets a reply. */
static void
add_packets(struct session *s)
{
	static const char macros[] = "Mi\0BENCH";
	struct packet p;

	while (next_packet(s, &p)) {
		if (s->steps & p.no)
			continue;
		if (p.type == 'M')
			add_packet(
			    &s->unsent, 'D', str_make(macros, sizeof(macros)));
		add_packet(&s->unsent, p.type, p.data);
		if ((s->steps & p.quiet) == 0)
			return;
	}
}

/* ---- connections -------------------------------------------------------- */

/* False: the filter is gone. What does not fit now waits for room. */
static bool
send_some(struct session *s)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
	bool waited = s->sent > 0;

	while (s->sent < s->unsent.len) {
		ssize_t n = send(s->fd, s->unsent.p + s->sent,
		    s->unsent.len - s->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN) {
			e.events |= EPOLLOUT;
			return epoll_ctl(s->share->epoll, EPOLL_CTL_MOD, s->fd,
				   &e) == 0;
		}
		if (n <= 0)
			return false;
		s->sent += (size_t)n;
	}
	s->sent = 0;
	buf_clear(&s->unsent);
	return !waited ||
	       epoll_ctl(s->share->epoll, EPOLL_CTL_MOD, s->fd, &e) == 0;
}

static bool
open_connection(struct session *s)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", bench.socket);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return s->fd >= 0 &&
	       connect(s->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	       epoll_ctl(s->share->epoll, EPOLL_CTL_ADD, s->fd, &e) == 0;
}

/* `got` is the verdict; 0: there was none. */
static void
end_message(struct session *s, char got)
{
	if (got != 0) {
		add_packet(&s->unsent, 'Q', STR_NONE);
		(void)send_some(s);
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->share->open--;
	bench.latency_ms[s->number] =
	    (double)(clock_mono_us() - s->start_us) / 1000;
	if (got == 0)
		atomic_fetch_add(&bench.failed, 1);
	atomic_fetch_add(&bench.verdict[(unsigned char)got], 1);
}

/* Begins messages until one is under way. */
static void
begin_message(struct session *s)
{
	while (
	    (s->number = atomic_fetch_add(&bench.next, 1)) < bench.messages) {
		s->script = &bench.scripts.v[s->number % bench.scripts.len];
		s->start_us = clock_mono_us();
		s->stage = AT_NEGOTIATION;
		s->steps = 0;
		s->index = s->sent = 0;
		buf_clear(&s->unsent);
		buf_clear(&s->input);
		s->share->open++;
		if (open_connection(s)) {
			add_packets(s);
			if (send_some(s))
				return;
		}
		end_message(s, 0);
	}
}

/* ---- replies ------------------------------------------------------------ */

/* False: nothing came but the end. */
static bool
take_in(struct session *s)
{
	ssize_t n;

	buf_reserve(&s->input, INPUT_SIZE);
	n = recv(s->fd, s->input.p + s->input.len, INPUT_SIZE, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	s->input.len += (size_t)n;
	return true;
}

/* Type of the next whole packet, edits of the message aside; 0: none is there.
 */
static char
next_reply(struct session *s, struct str *rest, struct str *data)
{
	while (rest->len >= 5) {
		uint32_t len;
		char type = rest->p[4];

		memcpy(&len, rest->p, sizeof(len));
		len = ntohl(len);
		if (len == 0 || len > FILE_MAX) {
			end_message(s, 0);
			return 0;
		}
		if (rest->len - 4 < len)
			return 0;
		*data = str_make(rest->p + 5, len - 1);
		*rest = str_skip(*rest, 4 + len);
		if (strchr("himqp", type) == NULL)
			return type;
	}
	return 0;
}

/* False: it was the last of this message. */
static bool
heed(struct session *s, char type, struct str data)
{
	if (type == 'O' && s->stage == AT_CONNECT && data.len >= 12) {
		memcpy(&s->steps, data.p + 8, sizeof(s->steps));
		s->steps = ntohl(s->steps);
	} else if (type == 's' && s->stage == AT_BODY) {
		s->stage = AT_END; /* enough of the body was seen */
	} else if (type != 'c' || s->stage == AT_NOTHING) {
		end_message(s, type);
		return false;
	}
	add_packets(s);
	return true;
}

static void
on_input(struct session *s)
{
	struct str rest, data;
	char type;

	if (!take_in(s)) {
		end_message(s, 0);
		return;
	}
	rest = buf_str(&s->input);
	while ((type = next_reply(s, &rest, &data)) != 0)
		if (!heed(s, type, data))
			return;
	if (s->fd < 0)
		return;
	memmove(s->input.p, rest.p, rest.len);
	s->input.len = rest.len;
	if (s->sent == 0 && !send_some(s))
		end_message(s, 0);
}

static void *
run_share(void *arg)
{
	struct share *share = arg;
	struct session *all = mem_array(share->sessions, sizeof(*all));
	struct epoll_event ready[READY_MAX];

	for (size_t i = 0; i < share->sessions; i++) {
		all[i].share = share;
		begin_message(&all[i]);
	}
	while (share->open > 0) {
		int n = epoll_wait(share->epoll, ready, READY_MAX, -1);

		for (int i = 0; i < n; i++) {
			struct session *s = ready[i].data.ptr;

			if (ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				on_input(s);
			else if (!send_some(s))
				end_message(s, 0);
			if (s->fd < 0)
				begin_message(s);
		}
	}
	for (size_t i = 0; i < share->sessions; i++) {
		buf_fini(&all[i].unsent);
		buf_fini(&all[i].input);
	}
	free(all);
	return NULL;
}

/*
 * A thread a processor, each with its share of the sessions: a thread a session
 * would take from the filter what their wake-ups cost.
 */
static void
run_sessions(size_t sessions)
{
	size_t processors = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = sessions < processors ? sessions : processors;
	struct share *share = mem_array(count, sizeof(*share));
	pthread_t *thread = mem_array(count, sizeof(*thread));

	for (size_t i = 0; i < count; i++) {
		share[i].epoll = epoll_create1(EPOLL_CLOEXEC);
		share[i].sessions =
		    sessions / count + (i < sessions % count ? 1 : 0);
		if (share[i].epoll < 0 ||
		    pthread_create(&thread[i], NULL, run_share, &share[i]) != 0)
			exit(2);
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(thread[i], NULL);
		close(share[i].epoll);
	}
	free(share);
	free(thread);
}

/* Of this program, in ms. */
static double
cpu_spent(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
percentile(double p)
{
	return bench.latency_ms[(size_t)(p * (double)(bench.messages - 1))];
}

int
main(int argc, char **argv)
{
	uint64_t sessions, messages;
	int64_t start;
	double seconds, cpu;

	if (argc < 5 || !str_to_u64(str_from(argv[2]), &sessions) ||
	    !str_to_u64(str_from(argv[3]), &messages) || sessions == 0 ||
	    messages == 0) {
		fprintf(
		    stderr, "usage: load SOCKET SESSIONS MESSAGES FILE...\n");
		return 2;
	}
	bench.socket = argv[1];
	bench.messages = messages;
	bench.latency_ms = mem_array(messages, sizeof(double));
	for (int i = 4; i < argc; i++)
		add_script(argv[i]);
	start = clock_mono_us();
	cpu = cpu_spent();
	run_sessions(sessions);
	seconds = (double)(clock_mono_us() - start) / 1e6;
	qsort(bench.latency_ms, messages, sizeof(double), by_value);
	cpu = cpu_spent() - cpu;
	printf("{\"messages\":%llu,\"failed\":%zu,\"seconds\":%.3f,"
	       "\"per_second\":%.0f,\"p50_ms\":%.2f,\"p90_ms\":%.2f,"
	       "\"p99_ms\":%.2f,\"max_ms\":%.2f,\"accepted\":%zu,"
	       "\"refused\":%zu,\"client_cpu_ms\":%.3f}\n",
	    (unsigned long long)messages, bench.failed, seconds,
	    (double)messages / seconds, percentile(0.5), percentile(0.9),
	    percentile(0.99), percentile(1),
	    bench.verdict['c'] + bench.verdict['a'], (size_t)bench.verdict['y'],
	    cpu / (double)messages);
	return bench.failed ? 1 : 0;
}
