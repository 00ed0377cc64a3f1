bin_PROGRAMS += postern
postern_SOURCES = \
	milter/cli/cli.c milter/cli/cli.h milter/cli/commands.def \
	milter/cli/conf.c \
	milter/cli/main.c \
	milter/cli/options.c milter/cli/options.h
postern_LDADD = $(POLICY_LIBS)
