sbin_PROGRAMS += posternd
posternd_SOURCES = \
	milter/daemon/background.c milter/daemon/background.h \
	milter/daemon/control.c milter/daemon/control.h milter/daemon/control.def \
	milter/daemon/gather.c \
	milter/daemon/live.c milter/daemon/live.h \
	milter/daemon/lock.c milter/daemon/lock.h \
	milter/daemon/main.c \
	milter/daemon/metrics.c milter/daemon/metrics.h milter/daemon/metrics.def \
	milter/daemon/milter.c milter/daemon/milter.h \
	milter/daemon/outcome.c milter/daemon/own_header.def \
	milter/daemon/priv.c milter/daemon/priv.h \
	milter/daemon/server.c milter/daemon/server.h \
	milter/daemon/signals.c milter/daemon/signals.h \
	milter/daemon/session.c milter/daemon/session.h \
	milter/daemon/turns.c milter/daemon/turns.h \
	milter/daemon/session_internal.h milter/daemon/session_state.def
posternd_LDADD = $(POLICY_LIBS) $(MILTER_LIBS)
