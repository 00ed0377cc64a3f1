#include "daemon/priv.h"

#include "base/log.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A user in more groups than this is refused. */
#define GROUP_COUNT_MAX 1024

unsigned long
priv_raise_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 0;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
	(void)getrlimit(RLIMIT_NOFILE, &r);
	return (unsigned long)r.rlim_cur;
}

bool
priv_prepare_dir(const char *dir, const char *user, unsigned mode)
{
	const struct passwd *pw;

	if (dir == NULL || dir[0] == '\0' || geteuid() != 0)
		return true;
	pw = getpwnam(user);
	if (mkdir(dir, (mode_t)mode) != 0) {
		if (errno == EEXIST)
			return true; /* the admin's own modes are kept */
		log_error("cannot create %s: %s", dir, strerror(errno));
		return false;
	}
	if (pw != NULL && chown(dir, pw->pw_uid, pw->pw_gid) != 0) {
		log_error(
		    "cannot give %s to %s: %s", dir, user, strerror(errno));
		return false;
	}
	return true;
}

void
priv_give_log(const char *user)
{
	const struct passwd *pw = geteuid() == 0 ? getpwnam(user) : NULL;

	if (pw != NULL)
		log_give(pw->pw_uid, pw->pw_gid);
}

/* The groups of `pw`, and `extra`, which may be empty. */
static bool
take_groups(const struct passwd *pw, const char *extra)
{
	const struct group *g = extra[0] != '\0' ? getgrnam(extra) : NULL;
	gid_t groups[GROUP_COUNT_MAX];
	int count = GROUP_COUNT_MAX - 1;

	if (getgrouplist(pw->pw_name, pw->pw_gid, groups, &count) < 0)
		return false;
	if (g != NULL)
		groups[count++] = g->gr_gid;
	return setgroups((size_t)count, groups) == 0;
}

bool
priv_drop(const char *user, const char *group)
{
	const struct passwd *pw;

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() != 0)
		return true;
	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL) {
		log_error("user \"%s\" does not exist: create it (adduser "
			  "--system --group %s) or set `user`",
		    user, user);
		return false;
	}
	if (pw->pw_uid == 0) {
		log_error(
		    "`user = %s` is root: name an unprivileged user", user);
		return false;
	}
	if (!take_groups(pw, group) ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0) {
		log_error("cannot become %s: %s", user, strerror(errno));
		return false;
	}
	/* What can be regained was not dropped. */
	if (setuid(0) == 0 || getuid() != pw->pw_uid) {
		log_error("root could be regained after becoming %s", user);
		return false;
	}
	return true;
}
