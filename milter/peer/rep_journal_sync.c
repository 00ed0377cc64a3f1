/*
 * From the kernel to the disk: one thread that syncs now and then, so that one
 * sync serves all events of an interval and nobody waits for it.
 */
#include "peer/rep_journal_file.h"

#include "base/clock.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

/* Unlocks while the disk works. A disk that fails tells the next append. */
static void
sync_locked(struct rep_journal *j)
{
	uint64_t upto = j->written;
	int full = j->full_fd, fd = j->write_fd >= 0 ? dup(j->write_fd) : -1;
	bool good = true;

	j->full_fd = -1;
	pthread_mutex_unlock(&j->segments_lock);
	if (full >= 0)
		good = fdatasync(full) == 0;
	if (fd >= 0)
		good = fdatasync(fd) == 0 && good;
	journal_close_fd(&full);
	journal_close_fd(&fd);
	pthread_mutex_lock(&j->segments_lock);
	if (good && upto > j->synced)
		j->synced = upto;
}

static struct timespec
next_time(const struct rep_journal *j)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(j->sync_ms / 1000);
	t.tv_nsec += (long)(j->sync_ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static void *
sync_main(void *arg)
{
	struct rep_journal *j = arg;

	pthread_mutex_lock(&j->segments_lock);
	while (!j->stop) {
		struct timespec until = next_time(j);

		(void)pthread_cond_timedwait(
		    &j->sync_wake, &j->segments_lock, &until);
		if (j->written != j->synced || j->full_fd >= 0)
			sync_locked(j);
	}
	pthread_mutex_unlock(&j->segments_lock);
	return NULL;
}

void
rep_journal_sync_every(struct rep_journal *j, int64_t ms)
{
	sigset_t all, former;

	if (ms <= 0 || j->syncer_runs)
		return;
	j->sync_ms = ms;
	clock_cond_init(&j->sync_wake);
	/* The daemon's signals are not this thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	j->syncer_runs = pthread_create(&j->syncer, NULL, sync_main, j) == 0;
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	if (!j->syncer_runs)
		pthread_cond_destroy(&j->sync_wake);
}

void
journal_sync_full(struct rep_journal *j, int fd)
{
	if (fd < 0)
		return;
	if (!j->syncer_runs || j->full_fd >= 0) {
		(void)fdatasync(fd);
		journal_close_fd(&fd);
		return;
	}
	j->full_fd = fd;
	pthread_cond_signal(&j->sync_wake);
}

void
journal_sync_end(struct rep_journal *j)
{
	if (j->syncer_runs) {
		pthread_mutex_lock(&j->segments_lock);
		j->stop = true;
		pthread_cond_signal(&j->sync_wake);
		pthread_mutex_unlock(&j->segments_lock);
		pthread_join(j->syncer, NULL);
		pthread_cond_destroy(&j->sync_wake);
		j->syncer_runs = false;
	}
	if (j->write_fd >= 0)
		(void)fdatasync(j->write_fd);
}

uint64_t
rep_journal_unsynced(struct rep_journal *j)
{
	uint64_t n;

	pthread_mutex_lock(&j->segments_lock);
	n = j->written - j->synced;
	pthread_mutex_unlock(&j->segments_lock);
	return n;
}
