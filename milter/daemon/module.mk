sbin_PROGRAMS += posternd
posternd_SOURCES = \
	milter/daemon/background.c milter/daemon/background.h \
	milter/daemon/control.c milter/daemon/control.h milter/daemon/control.def \
	milter/daemon/dns_live.c milter/daemon/dns_live.h \
	milter/daemon/gather.c \
	milter/daemon/in_force.c milter/daemon/in_force.h \
	milter/daemon/live.h \
	milter/daemon/lock.c milter/daemon/lock.h \
	milter/daemon/main.c \
	milter/daemon/metrics.c milter/daemon/metrics.h milter/daemon/metrics.def \
	milter/daemon/milter.c milter/daemon/milter.h \
	milter/daemon/outcome.c milter/daemon/own_header.def \
	milter/daemon/priv.c milter/daemon/priv.h \
	milter/daemon/server.c milter/daemon/server.h \
	milter/daemon/signals.c milter/daemon/signals.h \
	milter/daemon/session.c milter/daemon/session.h \
	milter/daemon/session_idle.c \
	milter/daemon/turns.c milter/daemon/turns.h \
	milter/daemon/workspace.c milter/daemon/workspace.h \
	milter/daemon/session_internal.h milter/daemon/session_state.def
if WIRED_MILTER
posternd_SOURCES += milter/daemon/wire.c milter/daemon/wire.h
posternd_LDADD = libmilter-wired.a $(POLICY_LIBS)
else
posternd_LDADD = $(POLICY_LIBS) $(MILTER_LIBS)
endif

libmilter-wired.a: $(MILTER_ARCHIVE)
	$(AM_V_GEN)$(OBJCOPY) --redefine-sym accept=wire_accept \
		--redefine-sym close=wire_close --redefine-sym poll=wire_poll \
		--redefine-sym read=wire_read --redefine-sym writev=wire_writev \
		$(MILTER_ARCHIVE) $@
CLEANFILES += libmilter-wired.a

check_PROGRAMS += t/unit/bin/daemon_in_force t/unit/bin/daemon_wire \
	t/unit/bin/daemon_workspace
t_unit_bin_daemon_in_force_SOURCES = t/unit/daemon_in_force.c milter/daemon/in_force.c
t_unit_bin_daemon_in_force_LDADD = $(BASE_LIBS)
t_unit_bin_daemon_workspace_SOURCES = t/unit/daemon_workspace.c milter/daemon/workspace.c
t_unit_bin_daemon_workspace_LDADD = $(BASE_LIBS)
t_unit_bin_daemon_wire_SOURCES = t/unit/daemon_wire.c milter/daemon/wire.c
t_unit_bin_daemon_wire_LDADD = $(BASE_LIBS)
