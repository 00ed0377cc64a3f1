bin_PROGRAMS += postern
postern_SOURCES = \
	milter/cli/access.c milter/cli/ask.c milter/cli/ask.h \
	milter/cli/bench.c milter/cli/bench.h milter/cli/bench_print.c \
	milter/cli/check.c milter/cli/check.h milter/cli/check_print.c milter/cli/check_gates.c \
	milter/cli/cli.c milter/cli/cli.h milter/cli/commands.def \
	milter/cli/conf.c \
	milter/cli/control_client.c milter/cli/control_client.h \
	milter/cli/daemon_commands.c \
	milter/cli/import.c \
	milter/cli/lint.c \
	milter/cli/mail_files.c milter/cli/mail_files.h \
	milter/cli/main.c \
	milter/cli/offline.c milter/cli/offline.h \
	milter/cli/options.c milter/cli/options.h \
	milter/cli/record_print.c milter/cli/record_print.h \
	milter/cli/render.c \
	milter/cli/rep.c milter/cli/rep.h milter/cli/rep_ask.c \
	milter/cli/rep_move.c milter/cli/rep_print.c \
	milter/cli/rep_print_part.c milter/cli/rep_print_part.h \
	milter/cli/rep_print_show.c milter/cli/rep_replay.c \
	milter/cli/rules.c
postern_LDADD = $(POLICY_LIBS)
