#include "cli/control_client.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
open_socket(const char *path, char **error_out)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		*error_out = mem_printf("%s: the path is too long", path);
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	*error_out = mem_printf(
	    "cannot reach posternd at %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Waits for `events`; false at the deadline. */
static bool
wait_for(int fd, short events, int64_t deadline_us)
{
	struct pollfd p = {.fd = fd, .events = events};
	int rc;

	do {
		int64_t left = deadline_us - clock_mono_us();

		if (left <= 0)
			return false;
		rc = poll(&p, 1, (int)(left / 1000) + 1);
	} while (rc < 0 && errno == EINTR);
	return rc > 0;
}

/* NULL, or what went wrong. */
static const char *
send_all(int fd, struct str s, int64_t deadline_us)
{
	while (s.len > 0) {
		ssize_t n;

		if (!wait_for(fd, POLLOUT, deadline_us))
			return "posternd does not read its control socket";
		n = send(fd, s.p, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return strerror(errno);
		if (n > 0)
			s = str_skip(s, (size_t)n);
	}
	return NULL;
}

static const char *
receive_line(int fd, struct buf *line, int64_t deadline_us)
{
	for (;;) {
		char chunk[16384];
		const char *end;
		ssize_t n;

		if (!wait_for(fd, POLLIN, deadline_us))
			return "posternd did not answer in time";
		n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return n < 0 ? strerror(errno)
				     : "posternd closed the connection";
		end = memchr(chunk, '\n', (size_t)n);
		buf_add(line,
		    str_make(chunk, end ? (size_t)(end - chunk) : (size_t)n));
		if (line->len > CONTROL_ANSWER_MAX)
			return "the answer is too long";
		if (end != NULL)
			return NULL;
	}
}

static const char *
converse(int fd, const struct json *request, int timeout_ms, struct buf *line)
{
	int64_t deadline = clock_mono_us() + (int64_t)timeout_ms * 1000;
	struct buf out;
	const char *wrong;

	buf_init(&out);
	json_format(request, 0, &out);
	buf_add_char(&out, '\n');
	wrong = send_all(fd, buf_str(&out), deadline);
	if (wrong == NULL)
		wrong = receive_line(fd, line, deadline);
	buf_fini(&out);
	return wrong;
}

struct json *
control_ask(
    const char *socket, struct json *request, int timeout_ms, char **error_out)
{
	struct json *answer = NULL;
	const char *wrong;
	struct buf line;
	int fd = open_socket(socket, error_out);

	if (fd < 0) {
		json_unref(&request);
		return NULL;
	}
	buf_init(&line);
	wrong = converse(fd, request, timeout_ms, &line);
	if (wrong != NULL)
		*error_out = mem_strdup(wrong);
	else if ((answer = json_parse(buf_str(&line), NULL)) == NULL)
		*error_out = mem_strdup("the answer is no JSON");
	buf_fini(&line);
	close(fd);
	json_unref(&request);
	return answer;
}
