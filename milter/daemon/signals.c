#include "daemon/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static const int ours[] = {SIGHUP, SIGTERM, SIGINT};

#define OURS_COUNT (sizeof(ours) / sizeof(ours[0]))

/* One byte a signal. A full pipe loses signals that are waiting anyway. */
static int caught[2] = {-1, -1};

static void
on_signal(int number)
{
	int saved = errno;
	char byte = (char)number;

	(void)!write(caught[1], &byte, 1);
	errno = saved;
}

static void
fill(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < OURS_COUNT; i++)
		sigaddset(set, ours[i]);
}

void
signals_block(void)
{
	sigset_t set;

	fill(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool
signals_catch(void)
{
	/* Not blocked in the handler either: it would go to libmilter. */
	struct sigaction action = {
	    .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER};
	sigset_t set;

	if (pipe2(caught, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	for (size_t i = 0; i < OURS_COUNT; i++)
		if (sigaction(ours[i], &action, NULL) != 0)
			return false;
	fill(&set);
	return pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0;
}

int
signals_wait(int timeout_ms)
{
	struct pollfd p = {.fd = caught[0], .events = POLLIN};
	char byte;

	if (poll(&p, 1, timeout_ms) < 0 && errno != EINTR)
		return 0;
	return read(caught[0], &byte, 1) == 1 ? byte : 0;
}
